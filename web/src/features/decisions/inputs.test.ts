import { describe, expect, it } from 'vitest'
import type { XmlNode } from '@/features/compare/diff'
import { choices } from './inputs'
import { decisionSource } from './starter'

const node = (name: string, attributes: Record<string, string> = {}, children: XmlNode[] = [], text = ''): XmlNode => ({ name, space: '', attributes, children, text })
const table = (...texts: string[]) => node('decisionTable', {}, texts.map((text) => node('input', {}, [node('inputExpression', {}, [node('text', {}, [], text)])])))

describe('choices', () => {
  it('takes the names of columns', () => {
    const root = node('definitions', {}, [node('decision', { id: 'd', name: 'D' }, [table('amount', 'customer.age > 18 and "x y" = region')])])
    expect(choices(root)).toEqual([{ id: 'd', name: 'D', inputs: ['amount', 'customer', 'region'] }])
  })
  it('asks for what required decisions need, not for them', () => {
    const root = node('definitions', {}, [
      node('inputData', { id: 'i', name: 'Income' }, [node('variable', { name: 'income' })]),
      node('decision', { id: 'a', name: 'Risk' }, [node('variable', { name: 'risk' }), node('informationRequirement', {}, [node('requiredInput', { href: '#i' })]), table('income')]),
      node('decision', { id: 'b', name: 'Offer' }, [node('informationRequirement', {}, [node('requiredDecision', { href: '#a' })]), table('risk')]),
    ])
    expect(choices(root).map(({ id, inputs }) => [id, inputs])).toEqual([['a', ['income']], ['b', ['income']]])
  })
  it('does not take the words of a longer name for names', () => {
    const variable = (name: string) => node('variable', { name })
    const root = node('definitions', {}, [
      node('inputData', { id: 'i', name: 'Order sum' }, [variable('Order sum')]),
      node('decision', { id: 'a', name: 'Customer rank' }, [variable('Customer rank'), table('customer.years')]),
      node('decision', { id: 'b', name: 'Discount' }, [
        node('informationRequirement', {}, [node('requiredDecision', { href: '#a' })]),
        node('informationRequirement', {}, [node('requiredInput', { href: '#i' })]),
        table('Customer rank', 'Customer rank.level + Order sum * rate'),
      ]),
    ])
    expect(choices(root)[1]?.inputs).toEqual(['customer', 'Order sum', 'rate'])
  })
  it('leaves calls out', () => {
    const root = node('definitions', {}, [node('decision', { id: 'd' }, [table('sum(items) + number (text)')])])
    expect(choices(root)[0]?.inputs).toEqual(['items', 'text'])
  })
})

describe('decisionSource', () => {
  it('escapes the name', () => {
    expect(decisionSource('A & "B"', 'en')).toContain('name="A &amp; &quot;B&quot;"')
  })
})
