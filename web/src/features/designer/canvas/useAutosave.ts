/**
 * Saving a drawing by itself: a moment after the last change, one save at a time, each with the version it was read
 * with. Somebody else's newer version stops saving until the person decides.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import { isApiError, queryClient, type Model, type ModelWithSource } from '@/api'
import { toastError } from '@/ui/errors'
import { useLatest } from '@/ui/hooks'
import { modelQuery, saveModel } from '../queries'
import { saveAll, type Unsaved } from './saveAll'

export type SaveState = 'saved' | 'dirty' | 'saving' | 'failed' | 'conflict'

export interface Draft {
  name: string
  catalogId: string | null
}

const WAIT_MS = 1200

interface Options {
  model: ModelWithSource
  source: () => Promise<string>
}

export function useAutosave({ model, source }: Options) {
  const [state, setState] = useState<SaveState>('saved')
  const [version, setVersion] = useState(model.version)
  const [draft, setDraft] = useState<Draft>({ name: model.name, catalogId: model.catalogId ?? null })
  const live = useRef<Unsaved & { version: number; draft: Draft }>({ version: model.version, draft, dirty: false, stopped: false, running: null })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const getSource = useLatest(source)

  const once = useCallback(async (): Promise<boolean> => {
    const now = live.current
    now.dirty = false
    setState('saving')
    try {
      const xml = await getSource.current()
      const saved: Model = await saveModel(model.id, { version: now.version, name: now.draft.name, source: xml, catalogId: now.draft.catalogId ?? undefined })
      now.version = saved.version
      setVersion(saved.version)
      queryClient.setQueryData(modelQuery(model.id).queryKey, (old: ModelWithSource | undefined) => (old ? { ...old, version: saved.version, name: saved.name, catalogId: saved.catalogId } : old))
      void queryClient.invalidateQueries({ queryKey: ['model', 'list'] })
      setState(now.dirty ? 'dirty' : 'saved')
      return true
    } catch (error) {
      now.dirty = true
      if (isApiError(error, 'DEF-0007', 'STO-0002')) {
        now.stopped = true
        setState('conflict')
      } else {
        setState('failed')
        toastError(error)
      }
      return false
    }
  }, [model.id, getSource])

  /** Saves what is not saved yet, after what is being saved; tells whether everything is kept. */
  const flush = useCallback((): Promise<boolean> => {
    clearTimeout(timer.current)
    return saveAll(live.current, once)
  }, [once])

  const touch = useCallback(() => {
    live.current.dirty = true
    if (live.current.stopped) return
    setState((old) => (old === 'saving' ? old : 'dirty'))
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void flush(), WAIT_MS)
  }, [flush])

  const change = useCallback(
    (patch: Partial<Draft>) => {
      live.current.draft = { ...live.current.draft, ...patch }
      setDraft(live.current.draft)
      touch()
    },
    [touch],
  )

  /** After a conflict: goes on with the server's version number, so that mine replaces theirs. */
  const overwrite = useCallback(
    async (serverVersion: number): Promise<boolean> => {
      live.current.version = serverVersion
      live.current.stopped = false
      live.current.dirty = true
      return flush()
    },
    [flush],
  )

  useEffect(() => () => clearTimeout(timer.current), [])

  return { state, version, draft, touch, change, flush, overwrite, unsaved: state !== 'saved' }
}
