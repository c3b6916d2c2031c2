/** Who may do what: the one place that turns a role into a permission. The server decides again on every call. */
import type { Me as User } from './types'

export type Reason = 'adminOnly' | 'notYours' | 'finished' | 'alreadyDone'
export type Permission = { ok: true } | { ok: false; reason: Reason }

const yes: Permission = { ok: true }
const no = (reason: Reason): Permission => ({ ok: false, reason })
const adminOnly = (user: User): Permission => (user.role === 'admin' ? yes : no('adminOnly'))

export const can = {
  design: adminOnly,
  deploy: adminOnly,
  deleteDefinition: adminOnly,
  manageApps: adminOnly,
  manageUsers: adminOnly,
  manageCatalogs: adminOnly,
  seeSystem: adminOnly,
  retryIncident: adminOnly,
  sendMessages: adminOnly,
  operateInstance: (user: User, state: string): Permission => (isFinished(state) ? no('finished') : adminOnly(user)),
  editVariables: (user: User, state: string): Permission =>
    isFinished(state) ? no('finished') : adminOnly(user),
  cancelInstance: (user: User, state: string, startedBy: string | null): Permission => {
    if (isFinished(state)) return no('finished')
    return user.role === 'admin' || startedBy === user.id ? yes : no('notYours')
  },
  completeTask: (user: User, state: string, assignees: { userId: string }[]): Permission => {
    if (state !== 'open') return no('alreadyDone')
    if (assignees.length === 0 || assignees.some((person) => person.userId === user.id)) return yes
    return user.role === 'admin' ? yes : no('notYours')
  },
}

export function isFinished(state: string): boolean {
  return state !== 'active'
}
