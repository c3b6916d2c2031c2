/** Keeps what is selected in view where the panel of properties lies over the drawing. */
import type Modeler from 'bpmn-js/lib/Modeler'
import { useEffect } from 'react'
import { serviceOf } from './modeler'

/** Room for the frame of what is selected, and some air. */
const AROUND_PX = 20

export function useSelectionInView(modeler: Modeler | null, canvas: React.RefObject<HTMLElement | null>, covering: React.RefObject<HTMLElement | null> | null): void {
  useEffect(() => {
    if (!modeler || !covering) return
    const look = () => {
      const [one] = serviceOf(modeler, 'selection').get()
      const [drawing, cover] = [canvas.current?.getBoundingClientRect(), covering.current?.getBoundingClientRect()]
      if (!one || !drawing || !cover) return
      const bottom = Math.max(0, drawing.bottom - cover.top) + AROUND_PX
      serviceOf(modeler, 'canvas').scrollToElement(one.id, { top: AROUND_PX, left: AROUND_PX, right: AROUND_PX, bottom })
    }
    look()
    modeler.on('selection.changed', look)
    return () => modeler.off('selection.changed', look)
  }, [modeler, canvas, covering])
}
