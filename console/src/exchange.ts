// What other platforms (JT/T 809) want of the people on duty: post checks (查岗) and supervision cases (督办),
// and how the links to them are. Read every few seconds: an answer is due within minutes.
import { ref, shallowRef } from 'vue'
import { id, post, query, request } from './http'
import { ring } from './sound'

export interface PostCheck {
  post_check_id: string
  link: string
  question: string
  asked: string
  due: string
  state: 'waiting' | 'answered' | 'expired'
}

export interface Supervision {
  case_id: string
  link: string
  plate: string
  plate_colour: number
  vehicle_id: string | null
  alarm_type: number
  alarm: string
  level: number
  supervisor: string
  supervisor_tel: string
  opened: string
  due: string
  state: 'open' | 'working' | 'done' | 'ignored' | 'expired'
}

export type SupervisionResult = 'working' | 'done' | 'ignored' | 'later'

export interface LinkStatus {
  link: string
  role: 'upper' | 'lower'
  version: string
  state: 'up' | 'degraded' | 'down' | 'not_running'
  since: string
  peer: string
  last_error: string
}

const POLL_MS = 5_000

/** Questions to us that wait for an answer, the most urgent first. */
export const postChecks = shallowRef<PostCheck[]>([])
/** Cases we are urged to handle, the most urgent first. */
export const supervisions = shallowRef<Supervision[]>([])
export const links = shallowRef<LinkStatus[]>([])
export const exchangeOpen = ref(false)

const byDue = (one: { due: string }, other: { due: string }): number =>
  Date.parse(one.due) - Date.parse(other.due)

async function readPostChecks(): Promise<void> {
  const path = `/api/post-checks${query({ state: 'waiting', direction: 'in' })}`
  const found = (await request<{ post_checks: PostCheck[] }>(path)).post_checks
  const known = new Set(postChecks.value.map((one) => one.post_check_id))
  if (found.some((one) => !known.has(one.post_check_id))) ring(1)
  postChecks.value = found.sort(byDue)
}

async function readSupervisions(): Promise<void> {
  const pages = ['open', 'working'].map((state) =>
    request<{ supervisions: Supervision[] }>(`/api/supervisions${query({ state, direction: 'in' })}`),
  )
  supervisions.value = (await Promise.all(pages)).flatMap((page) => page.supervisions).sort(byDue)
}

async function readLinks(): Promise<void> {
  links.value = (await request<{ links: LinkStatus[] }>('/api/links')).links
}

/** Reads all three; what fails keeps its last value until the next time. */
export async function readExchange(): Promise<void> {
  await Promise.allSettled([readPostChecks(), readSupervisions(), readLinks()])
}

/** Follows the exchange until the returned function is called. */
export function followExchange(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false
  const turn = async (): Promise<void> => {
    await readExchange()
    if (!stopped) timer = setTimeout(() => void turn(), POLL_MS)
  }
  void turn()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

export async function answerPostCheck(one: PostCheck, answer: string, operator: string): Promise<void> {
  await post(`/api/post-checks/${id(one.post_check_id)}/answer`, { answer, operator })
  await readPostChecks()
}

export async function reportSupervision(
  one: Supervision,
  result: SupervisionResult,
  note: string,
  operator: string,
): Promise<void> {
  await post(`/api/supervisions/${id(one.case_id)}/result`, { result, note, operator })
  await readSupervisions()
}
