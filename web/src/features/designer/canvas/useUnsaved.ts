/**
 * Nothing drawn is lost: leaving saves first and warns when that fails, Ctrl+S saves at once, and a conflict tells which
 * version the server has.
 */
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toastError } from '@/ui/errors'
import { readModel } from '../queries'
import type { SaveState } from './useAutosave'

interface Saving {
  state: SaveState
  unsaved: boolean
  flush: () => Promise<boolean>
}

/** The version on the server, once somebody else's is newer. */
export function useUnsaved(modelId: string, { state, unsaved, flush }: Saving): number | null {
  const { t } = useTranslation()
  const [serverVersion, setServerVersion] = useState<number | null>(null)
  useEffect(() => {
    if (state === 'conflict') void readModel(modelId).then((theirs) => setServerVersion(theirs.version), toastError)
  }, [state, modelId])
  useBlocker({
    shouldBlockFn: async () => unsaved && !(await flush()) && !globalThis.confirm(`${t('common.confirm.unsavedTitle')}\n${t('common.confirm.unsavedText')}`),
    enableBeforeUnload: unsaved,
  })
  useSaveKey(flush)
  return serverVersion
}

function useSaveKey(save: () => Promise<boolean>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.code === 'KeyS') {
        event.preventDefault()
        void save()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [save])
}
