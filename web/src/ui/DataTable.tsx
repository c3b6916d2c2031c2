/** A list: table on wide screens, cards on narrow ones; rows open by click, Enter or link; j and k move. */
import { ActionIcon, Group, Text, Tooltip } from '@mantine/core'
import { useLocalStorage, useMediaQuery } from '@mantine/hooks'
import { IconChevronDown, IconChevronLeft, IconChevronRight, IconChevronUp, IconLayoutList, IconList } from '@tabler/icons-react'
import { useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useListKeys } from './hooks'
import css from './ui.module.css'

export const PAGE_SIZE = 50

export interface Column<T> {
  key: string
  /** Empty where the cell is a button or a menu: a card has it beside its title. */
  header: string
  cell: (row: T) => ReactNode
  width?: number | string
  align?: 'right'
  /** Left out of cards on narrow screens. */
  wideOnly?: boolean
  sortKey?: string
}

interface DataTableProps<T> {
  label: string
  rows: T[]
  columns: Column<T>[]
  rowKey: (row: T) => string
  /** Address of the row's page; the first column becomes its link. */
  href?: (row: T) => string
  /** What the row's link is called where its text alone would name several rows alike. */
  nameOf?: (row: T) => string
  onOpen?: (row: T) => void
  selected?: string
  total?: number
  page?: number
  onPage?: (page: number) => void
  sort?: string
  onSort?: (sort: string) => void
  rowTestId?: string
}

export function DataTable<T>(props: DataTableProps<T>) {
  const narrow = useMediaQuery('(max-width: 48em)')
  const root = useRef<HTMLDivElement>(null)
  useListKeys(root)
  return <div ref={root}>{narrow ? <Cards {...props} /> : <Grid {...props} />}</div>
}

function openRow<T>(props: DataTableProps<T>, row: T, event: React.SyntheticEvent): void {
  if ((event.target as HTMLElement).closest('a, button, input, [role="menu"]')) return
  if (props.onOpen) props.onOpen(row)
  else (event.currentTarget as HTMLElement).querySelector<HTMLAnchorElement>('a[data-main]')?.click()
}

function Grid<T>(props: DataTableProps<T>) {
  const { columns, rows, rowKey, href, onOpen, selected, sort, onSort } = props
  const [density, setDensity] = useLocalStorage<'comfortable' | 'compact'>({ key: 'ruslo.density', defaultValue: 'comfortable' })
  return (
    <div className={css.tableWrap}>
      <div className={css.tableScroll}>
        <table className={css.table} data-density={density} aria-label={props.label}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.key} style={{ width: column.width }} data-align={column.align} aria-sort={sortState(column.sortKey, sort)}>
                  {column.sortKey && onSort ? <SortButton column={column} sort={sort} onSort={onSort} /> : column.header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr
                key={rowKey(row)}
                className={css.row}
                data-row
                data-testid={props.rowTestId}
                data-still={(!href && !onOpen) || undefined}
                data-selected={rowKey(row) === selected}
                tabIndex={-1}
                onClick={(event) => openRow(props, row, event)}
                onKeyDown={(event) => event.key === 'Enter' && openRow(props, row, event)}
              >
                {columns.map((column, index) => (
                  <td key={column.key} data-align={column.align}>
                    <div className={css.cell}>
                      {index === 0 ? <MainCell {...props} row={row}>{column.cell(row)}</MainCell> : column.cell(row)}
                    </div>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Foot {...props} density={density} onDensity={setDensity} />
    </div>
  )
}

function MainCell<T>({ row, href, nameOf, onOpen, children }: Pick<DataTableProps<T>, 'href' | 'nameOf' | 'onOpen'> & { row: T; children: ReactNode }) {
  if (href) {
    return (
      <a href={href(row)} data-main aria-label={nameOf?.(row)} style={{ fontWeight: 500 }} onClick={onOpen && ((event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        onOpen(row)
      })}>
        {children}
      </a>
    )
  }
  if (onOpen) {
    return (
      <button type="button" className={css.sortButton} style={{ fontWeight: 500 }} onClick={() => onOpen(row)}>
        {children}
      </button>
    )
  }
  return <>{children}</>
}

function sortState(key: string | undefined, sort: string | undefined): 'ascending' | 'descending' | undefined {
  if (!key || !sort) return undefined
  if (sort === key) return 'ascending'
  return sort === `-${key}` ? 'descending' : undefined
}

function SortButton<T>({ column, sort, onSort }: { column: Column<T>; sort?: string; onSort: (sort: string) => void }) {
  const state = sortState(column.sortKey, sort)
  return (
    <button type="button" className={css.sortButton} onClick={() => onSort(state === 'descending' ? column.sortKey! : `-${column.sortKey}`)}>
      {column.header}
      {state === 'ascending' && <IconChevronUp size={13} aria-hidden />}
      {state === 'descending' && <IconChevronDown size={13} aria-hidden />}
    </button>
  )
}

function Cards<T>(props: DataTableProps<T>) {
  const [first, ...rest] = props.columns.filter((column, index) => index === 0 || !column.wideOnly)
  const lines = rest.filter((column) => column.header !== '')
  const buttons = rest.filter((column) => column.header === '')
  return (
    <div className={css.cards} role="list" aria-label={props.label}>
      {props.rows.map((row) => (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- the link inside does the same by keyboard
        <div key={props.rowKey(row)} role="listitem" className={css.card} data-row data-testid={props.rowTestId} tabIndex={-1} onClick={(event) => openRow(props, row, event)}>
          <div className={css.cardTitle}>
            <div className={css.cardMain}><MainCell {...props} row={row}>{first?.cell(row)}</MainCell></div>
            {buttons.map((column) => <div key={column.key} className={css.cardButton}>{column.cell(row)}</div>)}
          </div>
          {lines.map((column) => (
            <div key={column.key} className={css.cardLine}>
              <span className={css.cardLabel}>{column.header}</span>
              <span className="truncate">{column.cell(row)}</span>
            </div>
          ))}
        </div>
      ))}
      <Pager {...props} />
    </div>
  )
}

function Foot<T>(props: DataTableProps<T> & { density: 'comfortable' | 'compact'; onDensity: (value: 'comfortable' | 'compact') => void }) {
  const { t } = useTranslation()
  const compact = props.density === 'compact'
  return (
    <div className={css.foot}>
      <Pager {...props} />
      <div style={{ flex: 1 }} />
      <Tooltip label={compact ? t('common.list.comfortable') : t('common.list.compact')}>
        <ActionIcon size="sm" aria-label={compact ? t('common.list.comfortable') : t('common.list.compact')} onClick={() => props.onDensity(compact ? 'comfortable' : 'compact')}>
          {compact ? <IconLayoutList size={15} /> : <IconList size={15} />}
        </ActionIcon>
      </Tooltip>
    </div>
  )
}

function Pager<T>({ rows, total, page = 1, onPage }: DataTableProps<T>) {
  const { t } = useTranslation()
  const count = total ?? rows.length
  const from = (page - 1) * PAGE_SIZE + 1
  const paged = onPage && count > PAGE_SIZE
  return (
    <Group gap={4}>
      <Text size="xs" c="dimmed" className="num">
        {paged ? t('common.list.range', { from, to: from + rows.length - 1, total: count }) : t('common.list.total', { count })}
      </Text>
      {paged && (
        <>
          <ActionIcon size="sm" disabled={page <= 1} onClick={() => onPage(page - 1)} aria-label={t('common.list.previous')}>
            <IconChevronLeft size={15} />
          </ActionIcon>
          <ActionIcon size="sm" disabled={page * PAGE_SIZE >= count} onClick={() => onPage(page + 1)} aria-label={t('common.list.next')}>
            <IconChevronRight size={15} />
          </ActionIcon>
        </>
      )}
    </Group>
  )
}
