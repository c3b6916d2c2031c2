/** What a rule means and how to mend what it found: the rule's page, in the person's language where it has one. */
import { Drawer, Typography } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { marked } from 'marked'
import { useTranslation } from 'react-i18next'
import { useLocale } from '@/ui/hooks'
import { BlockSkeleton, EmptyState } from '@/ui/Page'

const PAGES = import.meta.glob<string>('../../../../../docs/rules/*.md', { query: '?raw', import: 'default' })

/** Both languages stand in one file, the Russian one below the line. */
export function inLanguage(page: string, locale: 'ru' | 'en'): string {
  const [en = '', ru] = page.split(/^---$/m)
  return locale === 'ru' && ru ? ru : en
}

export default function RuleDrawer({ code, onClose }: { code: string; onClose: () => void }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const load = Object.entries(PAGES).find(([path]) => path.endsWith(`/${code}.md`))?.[1]
  const page = useQuery({ queryKey: ['rule', code], enabled: Boolean(load), staleTime: Infinity, queryFn: async () => (load ? await load() : '') })
  return (
    <Drawer opened onClose={onClose} position="right" size="md" title={t('designer.problems.rule', { code })} data-testid="rule">
      {!load && <EmptyState compact title={t('designer.problems.noRule', { code })} />}
      {load && page.isPending && <BlockSkeleton lines={6} />}
      {/* Our own pages, built into the program: no text of others. */}
      {page.data && <Typography><div dangerouslySetInnerHTML={{ __html: marked.parse(inLanguage(page.data, locale), { async: false }) }} /></Typography>}
    </Drawer>
  )
}
