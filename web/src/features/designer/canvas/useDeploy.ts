/** From the drawing to a deployed version: saves first, shows what was found, tells what came of it. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, queryClient, type Diagnostic } from '@/api'
import { toastError, toastOk } from '@/ui/errors'
import { isObject } from '@/util/json'
import { deployModel } from '../queries'

interface Options {
  modelId: string
  /** Tells whether everything is kept. */
  save: () => Promise<boolean>
  showFindings: (diagnostics: Diagnostic[], deployable: boolean) => void
  onRefused: () => void
  /** What is read anew: the first word of the queries' keys. */
  changes: string
}

export function useDeploy({ modelId, save, showFindings, onRefused, changes }: Options) {
  const { t } = useTranslation()
  const [deploying, setDeploying] = useState(false)
  const deploy = async () => {
    setDeploying(true)
    try {
      if (!(await save())) return
      const { definitions, diagnostics } = await deployModel(modelId)
      showFindings(diagnostics, true)
      toastOk(t('designer.deployed', { version: definitions[0]?.version ?? 1 }))
      void queryClient.invalidateQueries({ queryKey: [changes] })
    } catch (error) {
      if (isApiError(error, 'DEF-0002')) {
        const details = isObject(error.details) ? error.details.diagnostics : undefined
        if (Array.isArray(details)) showFindings(details as unknown as Diagnostic[], false)
        onRefused()
      }
      toastError(error)
    } finally {
      setDeploying(false)
    }
  }
  return { deploying, deploy }
}
