/** Drawing a file of decisions: canvas, problems, trying out, and the way to a deployed version. */
import { ActionIcon, Button, Menu, TextInput, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconDots, IconDownload, IconLayoutSidebarRight, IconRocket } from '@tabler/icons-react'
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { can, queryClient, useMe, type DecisionEvaluation, type ModelWithSource } from '@/api'
import { ConflictDialog } from '@/features/designer/canvas/ConflictDialog'
import { Problems } from '@/features/designer/canvas/Problems'
import { SavedMark } from '@/features/designer/canvas/TopBar'
import { useAutosave } from '@/features/designer/canvas/useAutosave'
import { useUnsaved } from '@/features/designer/canvas/useUnsaved'
import { useDeploy } from '@/features/designer/canvas/useDeploy'
import { useDiagnostics } from '@/features/designer/canvas/useDiagnostics'
import designer from '@/features/designer/designer.module.css'
import { createModel, modelQuery } from '@/features/designer/queries'
import { toastError } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { usePageTitle } from '@/ui/hooks'
import { BlockSkeleton } from '@/ui/Page'
import { downloadText, fileName } from '@/util/files'
import css from './decisions.module.css'
import type { CanvasHandle } from './DmnCanvas'
import { decisionsOf } from './inputs'
import { TryOut } from './TryOut'

const DmnCanvas = lazy(() => import('./DmnCanvas'))
const RuleDrawer = lazy(() => import('@/features/designer/canvas/RuleDrawer'))

export function DecisionDesigner({ model, onReload }: { model: ModelWithSource; onReload: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const narrow = useMediaQuery('(max-width: 62em)') ?? false
  const [initial] = useState(model.source)
  const [choices, setChoices] = useState(() => decisionsOf(model.source))
  const [evaluation, setEvaluation] = useState<DecisionEvaluation | null>(null)
  const [panelOpen, setPanelOpen] = useState(() => !matchMedia('(max-width: 62em)').matches)
  const [problemsOpen, setProblemsOpen] = useState(false)
  const [rule, setRule] = useState<string | null>(null)
  const canvas = useRef<CanvasHandle>(null)
  /** Outlives the page, for a save that still waits when it is left. */
  const drawn = useRef<CanvasHandle>(null)
  const source = useCallback(async () => {
    drawn.current = canvas.current ?? drawn.current
    return drawn.current ? drawn.current.xml() : initial
  }, [initial])
  const saving = useAutosave({ model, source })
  const { findings, run: check, soon, show: showFindings } = useDiagnostics(source)
  usePageTitle(saving.draft.name)

  useEffect(() => void check(), [check])
  const serverVersion = useUnsaved(model.id, saving)

  const changed = () => {
    saving.touch()
    soon()
    setEvaluation(null)
    void source().then((xml) => setChoices(decisionsOf(xml)))
  }
  const { deploying, deploy } = useDeploy({ modelId: model.id, save: saving.flush, showFindings, onRefused: () => setProblemsOpen(true), changes: 'decision' })

  return (
    <div className={designer.designer} data-canvas>
      <header className={designer.bar}>
        <Tooltip label={t('designer.bar.back')}>
          <ActionIcon component="a" href="/designer" aria-label={t('designer.bar.back')}><IconArrowLeft size={18} /></ActionIcon>
        </Tooltip>
        <TextInput className={designer.name} variant="unstyled" aria-label={t('designer.bar.rename')} value={saving.draft.name} onChange={(event) => saving.change({ name: event.currentTarget.value })} />
        <SavedMark state={saving.state} version={saving.version} onSave={() => void saving.flush()} />
        {!narrow && <span style={{ flex: 1 }} />}
        {!narrow && (
          <>
            <ActionIcon aria-label={t('designer.bar.undo')} onClick={() => canvas.current?.undo()}><IconArrowBackUp size={18} /></ActionIcon>
            <ActionIcon aria-label={t('designer.bar.redo')} onClick={() => canvas.current?.redo()}><IconArrowForwardUp size={18} /></ActionIcon>
          </>
        )}
        <Guard can={can.deploy(me)}>
          <Button size="xs" leftSection={narrow ? undefined : <IconRocket size={14} />} px={narrow ? 10 : undefined} loading={deploying} style={{ flex: 'none' }} onClick={() => void deploy()} data-testid="deploy">{t('designer.bar.deploy')}</Button>
        </Guard>
        <Menu position="bottom-end">
          <Menu.Target><ActionIcon aria-label={t('designer.bar.more')}><IconDots size={18} /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => void source().then((xml) => downloadText(fileName(saving.draft.name, 'dmn'), xml))}>{t('decisions.export')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <ActionIcon aria-label={t('decisions.tryOut.title')} onClick={() => setPanelOpen(!panelOpen)}><IconLayoutSidebarRight size={18} /></ActionIcon>
      </header>
      {narrow && <p className={designer.small}>{t('designer.smallScreen')}</p>}
      <div className={designer.work} data-panel={panelOpen || undefined}>
        <Suspense fallback={<BlockSkeleton lines={8} />}>
          <DmnCanvas ref={canvas} source={initial} editable evaluation={evaluation} onChange={changed} />
        </Suspense>
        <aside className={designer.panel} aria-label={t('decisions.tryOut.title')}>
          {narrow && <button type="button" className={designer.closePanel} onClick={() => setPanelOpen(false)}>{t('common.action.close')}</button>}
          <div className={`${designer.panelBody} ${css.side}`} style={{ borderLeft: 0 }}>
            <section>
              <h2>{t('decisions.tryOut.title')}</h2>
              <TryOut choices={choices} tried={async (decisionId) => ({ source: await source(), decisionId })} onResult={setEvaluation} />
            </section>
          </div>
        </aside>
      </div>
      <Problems
        findings={findings}
        open={problemsOpen}
        onToggle={() => setProblemsOpen(!problemsOpen)}
        nameOf={(id) => choices.find((choice) => choice.id === id)?.name ?? id}
        onShow={(id) => canvas.current?.show(id)}
        onRule={setRule}
      />
      {rule && <Suspense fallback={null}><RuleDrawer code={rule} onClose={() => setRule(null)} /></Suspense>}
      {saving.state === 'conflict' && serverVersion !== null && (
        <ConflictDialog
          version={serverVersion}
          onMine={() => void saving.overwrite(serverVersion)}
          onTheirs={() => void queryClient.fetchQuery({ ...modelQuery(model.id), staleTime: 0 }).then(onReload, toastError)}
          onCopy={() => void source().then((xml) => createModel(t('designer.conflict.copyName', { name: saving.draft.name }), xml)).then((copy) => location.assign(`/designer/${copy.id}`), toastError)}
        />
      )}
    </div>
  )
}
