import { apps } from './apps'
import { catalogs } from './catalogs'
import { common } from './common'
import { decisions } from './decisions'
import { designer } from './designer'
import { errors } from './errors'
import { inbox } from './inbox'
import { instance } from './instance'
import { processes } from './processes'
import { settings } from './settings'
import { shell } from './shell'

export const ru = { common, shell, inbox, processes, instance, designer, decisions, catalogs, apps, settings, errors } as const
