/** Labelled facts beside a page's content, and the box they stand in. */
import type { ReactNode } from 'react'
import css from './ui.module.css'

export function Facts({ items }: { items: ([string, ReactNode] | null | false)[] }) {
  return (
    <dl className={css.facts}>
      {items.map((item) => item && (
        <div key={item[0]} style={{ display: 'contents' }}>
          <dt>{item[0]}</dt>
          <dd>{item[1]}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Panel({ title, actions, children, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={css.panel}>
      {title && (
        <div className={css.panelHead}>
          <h2 className={css.panelTitle}>{title}</h2>
          {actions}
        </div>
      )}
      <div className={flush ? undefined : css.panelBody}>{children}</div>
    </section>
  )
}
