// The session, handed from App.vue to every component below it.
import { inject, provide, type InjectionKey } from 'vue'
import type { Session } from './session'

const KEY: InjectionKey<Session> = Symbol('session')

export const provideSession = (session: Session): void => provide(KEY, session)

export function useSession(): Session {
  const session = inject(KEY)
  if (!session) throw new Error('useSession: no session above this component')
  return session
}
