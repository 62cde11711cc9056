// A request to the desk. Errors arrive as ApiError, whose message an operator can read.
import { language, type Language } from './i18n'

/** A request waits no longer than this: the operator is told, instead of a button that hangs. */
const TIMEOUT_MS = 20_000

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** What a refusal says in the operator's language: the desk sends `{"error": {"message_en", "message_zh"}}`. */
export function refusalReason(body: unknown, status: number, inLanguage: Language): string {
  const error = (body as { error?: Record<string, unknown> } | null)?.error
  const message = error?.[`message_${inLanguage}`] ?? error?.message_en
  return typeof message === 'string' ? message : `HTTP ${status}`
}

export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw new ApiError(0, error instanceof Error ? error.message : String(error))
    },
  )
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new ApiError(response.status, refusalReason(body, response.status, language.value))
  return body as T
}

export const post = <T>(path: string, body: unknown): Promise<T> =>
  request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

export const query = (parameters: Record<string, string | number | undefined>): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}`
}

export const id = encodeURIComponent
