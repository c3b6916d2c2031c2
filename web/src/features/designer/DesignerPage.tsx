/** Drawing one model: canvas, properties, findings, and the way to a running process. */
import { Loader } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useInsertionEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, can, queryClient, useMe, usersQuery, type Definition, type JsonObject, type ModelWithSource } from '@/api'
import { toastError, toastOk } from '@/ui/errors'
import { useLocale, usePageTitle } from '@/ui/hooks'
import { navigateTo } from '@/ui/nav'
import { BlockSkeleton, EmptyState, NotAllowed, QueryView } from '@/ui/Page'
import { openStartProcess } from '@/ui/start/StartProcess'
import { downloadText, fileName } from '@/util/files'
import './canvas/designer.css'
import { ConflictDialog } from './canvas/ConflictDialog'
import { formServices, searchIn, serviceOf, showInPanel } from './canvas/modeler'
import { PanelSearch } from './canvas/PanelSearch'
import { Problems } from './canvas/Problems'
import { TopBar } from './canvas/TopBar'
import { useAutosave } from './canvas/useAutosave'
import { useDeploy } from './canvas/useDeploy'
import { isError, useDiagnostics } from './canvas/useDiagnostics'
import { useModeler } from './canvas/useModeler'
import { useSelectionInView } from './canvas/useSelectionInView'
import { useUnsaved } from './canvas/useUnsaved'
import { markFindings } from './canvas/findings'
import css from './designer.module.css'
import { emptyForm, formOf, setForm, type DiagramElement } from './modules/forms'
import { simulate } from './modules/simulation'
import { createModel, modelQuery, templatesQuery } from './queries'

const DecisionDesigner = lazy(() => import('@/features/decisions/DecisionDesigner').then((module) => ({ default: module.DecisionDesigner })))
const RuleDrawer = lazy(() => import('./canvas/RuleDrawer'))
const FormEditorDialog = lazy(() => import('./canvas/FormEditorDialog'))

export default function DesignerPage() {
  const me = useMe()
  const { modelId = '' } = useParams({ strict: false }) as { modelId?: string }
  const query = useQuery({ ...modelQuery(modelId), enabled: can.design(me).ok })
  const [round, setRound] = useState(0)
  if (!can.design(me).ok) return <NotAllowed />
  return (
    <QueryView query={query} skeleton={<BlockSkeleton lines={12} />}>
      {(model) =>
        model.kind === 'dmn'
          ? <Suspense fallback={<BlockSkeleton lines={12} />}><DecisionDesigner key={`${model.id}-${round}`} model={model} onReload={() => setRound((n) => n + 1)} /></Suspense>
          : <Designer key={`${model.id}-${round}`} model={model} onReload={() => setRound((n) => n + 1)} />}
    </QueryView>
  )
}

function Designer({ model, onReload }: { model: ModelWithSource; onReload: () => void }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const narrow = useMediaQuery('(max-width: 62em)') ?? false
  const [initial] = useState(model.source)
  const [panelOpen, setPanelOpen] = useState(() => !matchMedia('(max-width: 62em)').matches)
  const [problemsOpen, setProblemsOpen] = useState(false)
  const [formOfElement, setFormOfElement] = useState<DiagramElement | null>(null)
  const [simulating, setSimulating] = useState(false)
  const [rule, setRule] = useState<string | null>(null)
  const templates = useQuery(templatesQuery)
  const people = useQuery(usersQuery)
  const text = useRef<() => Promise<string>>(null)

  const source = useCallback(() => text.current?.() ?? Promise.resolve(initial), [initial])
  const saving = useAutosave({ model, source })
  const { findings, run: checkNow, soon: checkSoon, show: showFindings } = useDiagnostics(source)

  const canvas = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const tool = useModeler({
    canvas,
    panel,
    source: initial,
    templates: templates.data,
    people: people.data?.items ?? [],
    onChange: () => {
      saving.touch()
      checkSoon()
    },
    onForm: setFormOfElement,
  })
  useInsertionEffect(() => {
    text.current = tool.text
  })
  usePageTitle(saving.draft.name)
  const side = useRef<HTMLElement>(null)
  useSelectionInView(tool.modeler, canvas, narrow && panelOpen ? side : null)

  // The text is known before it is drawn.
  useEffect(() => void checkNow(), [checkNow])
  useEffect(() => {
    if (tool.modeler) markFindings(tool.modeler, findings.diagnostics, locale)
  }, [tool.modeler, findings.diagnostics, locale])

  const serverVersion = useUnsaved(model.id, saving)

  const { deploying, deploy } = useDeploy({ modelId: model.id, save: saving.flush, showFindings, onRefused: () => setProblemsOpen(true), changes: 'definition' })

  const run = async () => {
    if (!(await saving.flush())) return
    try {
      const definition = await latestOf(model.id)
      if (!definition) {
        toastError(new Error(t('designer.bar.runFirst')))
        return
      }
      openStartProcess({
        definition,
        onStarted: (id) => {
          toastOk(t('processes.start.started'))
          navigateTo(`/instances/${id}`)
        },
      })
    } catch (error) {
      toastError(error)
    }
  }

  const simulateNow = () => {
    if (!tool.modeler) return
    simulate(tool.modeler, !simulating)
    setSimulating(!simulating)
  }
  const compareNow = async () => {
    if (!(await saving.flush())) return
    const definition = await latestOf(model.id)
    if (definition) navigateTo(`/compare?before=definition:${definition.id}&after=model:${model.id}`)
    else toastError(new Error(t('designer.bar.runFirst')))
  }

  const nameOf = (id: string) => {
    const element = tool.modeler && serviceOf(tool.modeler, 'elementRegistry').get(id)
    return (element?.businessObject.get('name') as string | undefined) || id
  }
  const show = (id: string) => {
    if (!tool.modeler) return
    const element = serviceOf(tool.modeler, 'elementRegistry').get(id)
    if (!element) {
      // A task that stands in no process is shown by the panel alone.
      showInPanel(tool.modeler, id)
      setPanelOpen(true)
      return
    }
    serviceOf(tool.modeler, 'canvas').scrollToElement(id, 120)
    serviceOf(tool.modeler, 'selection').select(element)
    setPanelOpen(true)
  }

  return (
    <div className={css.designer} data-canvas>
      <TopBar
        draft={saving.draft}
        version={saving.version}
        saveState={saving.state}
        undo={tool.undo}
        redo={tool.redo}
        errors={findings.diagnostics.filter(isError).length}
        deploying={deploying}
        narrow={narrow}
        panelOpen={panelOpen}
        simulating={simulating}
        onSimulate={simulateNow}
        onSearch={() => tool.modeler && searchIn(tool.modeler)}
        onCompare={() => void compareNow().catch(toastError)}
        onDraft={saving.change}
        onUndo={() => tool.modeler && serviceOf(tool.modeler, 'commandStack').undo()}
        onRedo={() => tool.modeler && serviceOf(tool.modeler, 'commandStack').redo()}
        onSave={() => void saving.flush()}
        onRun={() => void run()}
        onDeploy={() => void deploy()}
        onExport={() => void source().then((xml) => downloadText(fileName(saving.draft.name, 'bpmn'), xml))}
        onExportSvg={() => void tool.modeler?.saveSVG().then(({ svg }) => downloadText(fileName(saving.draft.name, 'svg'), plainColors(svg), 'image/svg+xml'))}
        onProblems={() => setProblemsOpen(true)}
        onPanel={() => setPanelOpen(!panelOpen)}
      />
      {simulating && <p className={css.simulating} role="status" style={{ margin: 0 }}>{t('designer.simulation.hint')}</p>}
      {narrow && <p className={css.small}>{t('designer.smallScreen')}</p>}
      <div className={css.work} data-panel={panelOpen || undefined}>
        <div className={css.canvas}>
          {/* What is half drawn is not to be drawn on. */}
          <div ref={canvas} className="ruslo-modeler" data-testid="canvas" inert={!tool.modeler} />
          {!tool.modeler && !tool.failed && <div className={css.drawing} role="status"><Loader size={20} color="gray" /><span>{t('designer.drawing')}</span></div>}
          {tool.failed && <div className={css.failed}><EmptyState title={t('designer.importError')} hint={t('designer.importErrorHint', { message: tool.failed })} /></div>}
        </div>
        <aside ref={side} className={`${css.panel} ruslo-properties`} aria-label={t('designer.bar.properties')}>
          {narrow && <button type="button" className={css.closePanel} onClick={() => setPanelOpen(false)}>{t('designer.closeProperties')}</button>}
          <PanelSearch panel={panel} />
          {/* Nor are settings to be changed meanwhile. */}
          <div ref={panel} className={css.panelBody} inert={!tool.modeler} />
        </aside>
      </div>
      <Problems findings={findings} open={problemsOpen} onToggle={() => setProblemsOpen(!problemsOpen)} nameOf={nameOf} onShow={show} onRule={setRule} />
      {rule && <Suspense fallback={null}><RuleDrawer code={rule} onClose={() => setRule(null)} /></Suspense>}
      {formOfElement && tool.modeler && (
        <Suspense fallback={null}>
          <FormEditorDialog
            name={nameOf(formOfElement.id)}
            schema={formOf(formOfElement) ?? emptyForm()}
            onSave={(schema: JsonObject) => {
              if (tool.modeler) setForm(formServices(tool.modeler), formOfElement, schema)
              setFormOfElement(null)
            }}
            onClose={() => setFormOfElement(null)}
          />
        </Suspense>
      )}
      {saving.state === 'conflict' && serverVersion !== null && (
        <ConflictDialog
          version={serverVersion}
          onMine={() => void saving.overwrite(serverVersion)}
          onTheirs={() => void queryClient.fetchQuery({ ...modelQuery(model.id), staleTime: 0 }).then(onReload, toastError)}
          onCopy={() => void source().then((xml) => createModel(t('designer.conflict.copyName', { name: saving.draft.name }), xml, saving.draft.catalogId ?? undefined)).then((copy) => location.assign(`/designer/${copy.id}`), toastError)}
        />
      )}
    </div>
  )
}

/** The newest definition deployed from the model. */
async function latestOf(modelId: string): Promise<Definition | null> {
  const page = await api.get('/definitions', { query: { latest: true, limit: 500 } })
  return page.items.find((definition) => definition.modelId === modelId) ?? null
}

/** A picture leaves the page, so the page's colour variables become plain colours. */
function plainColors(svg: string): string {
  return svg.replaceAll('var(--diagram-fill)', '#ffffff').replaceAll('var(--diagram-stroke)', '#2b323b').replaceAll('var(--diagram-label)', '#1c2128')
}

