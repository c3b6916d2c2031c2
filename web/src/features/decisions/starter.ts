/** What a new decision begins with: a small table that can be deployed and tried out as it is. */
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const WORDS = { ru: { amount: 'Сумма', regular: 'Постоянный клиент', discount: 'Скидка, %' }, en: { amount: 'Amount', regular: 'Regular customer', discount: 'Discount, %' } }

export function decisionSource(name: string, language: 'ru' | 'en'): string {
  const id = crypto.randomUUID().slice(0, 7).replaceAll('-', '0')
  const w = WORDS[language]
  const rule = (n: number, inputs: string[], output: string) => `      <rule id="Rule_${n}">
${inputs.map((text, i) => `        <inputEntry id="In_${n}_${i}"><text>${escape(text)}</text></inputEntry>`).join('\n')}
        <outputEntry id="Out_${n}"><text>${output}</text></outputEntry>
      </rule>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" id="Requirements_${id}" name="${escape(name)}" namespace="http://ruslo.dev/decisions">
  <decision id="Decision_${id}" name="${escape(name)}">
    <variable id="Variable_${id}" name="discount" typeRef="number" />
    <decisionTable id="Table_${id}" hitPolicy="FIRST">
      <input id="Input_1" label="${w.amount}"><inputExpression id="InputExpression_1" typeRef="number"><text>amount</text></inputExpression></input>
      <input id="Input_2" label="${w.regular}"><inputExpression id="InputExpression_2" typeRef="boolean"><text>regular</text></inputExpression></input>
      <output id="Output_1" label="${w.discount}" name="discount" typeRef="number" />
${[rule(1, ['>= 10000', ''], '15'), rule(2, ['', 'true'], '10'), rule(3, ['', ''], '0')].join('\n')}
    </decisionTable>
  </decision>
  <dmndi:DMNDI>
    <dmndi:DMNDiagram>
      <dmndi:DMNShape dmnElementRef="Decision_${id}"><dc:Bounds height="80" width="180" x="200" y="120" /></dmndi:DMNShape>
    </dmndi:DMNDiagram>
  </dmndi:DMNDI>
</definitions>
`
}
