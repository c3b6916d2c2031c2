/** A drawing as text, written once however many ask for it between two changes: writing a large one takes a while. */

interface Written {
  saveXML: (options: { format: boolean }) => Promise<{ xml?: string }>
  on: (event: string, priority: number, listener: () => void) => void
}

/** Before those who ask. */
const FIRST = 10_000

/**
 * Until the first change the text is the one that was read in. What changes before all is `drawn` is written after that:
 * writing keeps the places of drawn elements only.
 */
export function textOf(modeler: Written, source: string, drawn: Promise<void>): () => Promise<string> {
  let written: Promise<string> | null = Promise.resolve(source)
  // A listener that answers anything would keep the event from all others.
  const changed = () => {
    written = null
  }
  for (const event of ['commandStack.changed', 'elements.changed']) modeler.on(event, FIRST, changed)
  return () => {
    const mine = (written ??= drawn.then(() => modeler.saveXML({ format: true })).then(({ xml }) => xml ?? source))
    // What failed is tried again.
    mine.catch(() => {
      if (written === mine) written = null
    })
    return mine
  }
}
