/**
 * The editor of expressions paints its words in fixed colours for light paper. Here each becomes a pair with the one
 * that its library has for the dark: the page's colour scheme chooses.
 */
import type { Plugin } from 'vite'

/** Of `feelLight` and `feelDark` of the library, for the same words. */
const PAIRS: Record<string, string> = {
  '#24292f': '#adbac7',
  '#a31515': '#f47067',
  '#1a7f37': '#aff5b4',
  '#06704a': '#6bc46d',
  '#0969da': '#89dceb',
  '#b54a00': '#ffa657',
  '#0550ae': '#79c0ff',
  '#8250df': '#dcbdfb',
  '#69727b': '#8b949e',
  '#953800': '#e3b341',
}

export function codeColours(): Plugin {
  return {
    name: 'code-colours',
    transform(code, id) {
      if (!/@bpmn-io\/cm-theme\//.test(id)) return null
      let paired = code
      for (const [light, dark] of Object.entries(PAIRS)) {
        if (!code.includes(`'${light}'`)) this.error(`the editor's theme has no ${light} any more: see codeColours.ts`)
        paired = paired.replaceAll(`'${light}'`, `'light-dark(${light}, ${dark})'`)
      }
      return { code: paired, map: null }
    },
  }
}
