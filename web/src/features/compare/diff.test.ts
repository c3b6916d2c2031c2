import { describe, expect, it } from 'vitest'
import { compare, type XmlNode } from './diff'

const MODEL = 'http://www.omg.org/spec/BPMN/20100524/MODEL'
const DI = 'http://www.omg.org/spec/BPMN/20100524/DI'
const node = (name: string, attributes: Record<string, string> = {}, children: XmlNode[] = [], text = ''): XmlNode => ({ name, space: MODEL, attributes, children, text })
const shape = (bpmnElement: string, x: string): XmlNode => ({ name: 'BPMNShape', space: DI, attributes: { bpmnElement }, children: [node('Bounds', { x })], text: '' })
const file = (parts: XmlNode[], shapes: XmlNode[] = []): XmlNode => node('definitions', { id: 'd' }, [node('process', { id: 'p' }, parts), { name: 'BPMNDiagram', space: DI, attributes: {}, children: shapes, text: '' }])
const task = (id: string, type: string, input: string) => node('serviceTask', { id, name: id }, [node('extensionElements', {}, [node('taskDefinition', { type }), node('ioMapping', {}, [node('input', { source: input, target: 'a' })])])])

describe('compare', () => {
  it('finds nothing between equal drawings', () => {
    expect(compare(file([task('t', 'one', '=1')]), file([task('t', 'one', '=1')]))).toEqual([])
  })
  it('tells what came and went', () => {
    const changes = compare(file([node('task', { id: 'a' })]), file([node('task', { id: 'b', name: 'B' })]))
    expect(changes.map(({ id, kind, name }) => [id, kind, name])).toEqual([['b', 'added', 'B'], ['a', 'removed', '']])
  })
  it('tells extensions by their path', () => {
    const [found] = compare(file([task('t', 'one', '=1')]), file([task('t', 'two', '=2')]))
    expect(found?.properties).toEqual([
      { path: 'extensionElements/taskDefinition/@type', before: 'one', after: 'two' },
      { path: 'extensionElements/ioMapping/input[a]/@source', before: '=1', after: '=2' },
    ])
  })
  it('tells a move apart from a change', () => {
    const changes = compare(file([node('task', { id: 't' })], [shape('t', '1')]), file([node('task', { id: 't' })], [shape('t', '2')]))
    expect(changes.map(({ id, kind }) => [id, kind])).toEqual([['t', 'moved']])
  })
  it('tells what became inside a sub-process and leaves the sub-process alone', () => {
    const sub = (...parts: XmlNode[]) => file([node('subProcess', { id: 's' }, parts)])
    expect(compare(sub(), sub(node('task', { id: 't' }))).map(({ id, kind }) => [id, kind])).toEqual([['t', 'added']])
  })
  it('reads conditions and ignores what flows say twice', () => {
    const flow = (text: string) => node('sequenceFlow', { id: 'f' }, [node('conditionExpression', {}, [], text)])
    const found = compare(file([flow('=a'), node('task', { id: 't' }, [node('incoming', {}, [], 'f')])]), file([flow('=b'), node('task', { id: 't' })]))
    expect(found.map(({ id, properties }) => [id, properties])).toEqual([['f', [{ path: 'conditionExpression', before: '=a', after: '=b' }]]])
  })
  it('tells another type of the same element', () => {
    const [found] = compare(file([node('task', { id: 't' })]), file([node('userTask', { id: 't' })]))
    expect(found?.properties[0]).toEqual({ path: 'type', before: 'task', after: 'userTask' })
  })
})
