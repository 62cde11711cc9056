// The desk's HTTP API, one function a request. Errors arrive as ApiError, whose message an operator can read.
import type { FeatureCollection } from 'geojson'
import { language, type Language } from './i18n'
import type { Alert, AlertPage, AlertRevision, DeskConfig, TrackPoint, Vehicle } from './model'

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

async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw new ApiError(0, error instanceof Error ? error.message : String(error))
    },
  )
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new ApiError(response.status, refusalReason(body, response.status, language.value))
  return body as T
}

const post = <T>(path: string, body: unknown): Promise<T> =>
  request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const query = (parameters: Record<string, string | number | undefined>): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}`
}

const id = encodeURIComponent

export interface AlertQuery {
  order?: 'newest' | undefined
  after?: string | undefined
  before?: string | undefined
  limit?: number | undefined
  state?: 'open' | 'ended' | undefined
  acknowledged?: 'true' | 'false' | undefined
  vehicle_id?: string | undefined
}

export const getConfig = (): Promise<DeskConfig> => request('/api/config')

export const getZones = (): Promise<FeatureCollection> => request('/api/zones')

export const getAlerts = (parameters: AlertQuery): Promise<AlertPage> =>
  request(`/api/alerts${query({ ...parameters })}`)

export const getAlert = (alertId: string): Promise<Alert> => request(`/api/alerts/${id(alertId)}`)

export const getRevisions = async (alertId: string): Promise<AlertRevision[]> =>
  (await request<{ revisions: AlertRevision[] }>(`/api/alerts/${id(alertId)}/revisions`)).revisions

export const acknowledge = (alertId: string, operator: string, note: string): Promise<Alert> =>
  post(`/api/alerts/${id(alertId)}/acknowledge`, { operator, note })

export const findVehicles = async (text: string, limit: number): Promise<Vehicle[]> =>
  (await request<{ vehicles: Vehicle[] }>(`/api/vehicles${query({ query: text, limit })}`)).vehicles

export const getVehicle = (vehicleId: string): Promise<Vehicle> => request(`/api/vehicles/${id(vehicleId)}`)

export const getTrack = async (vehicleId: string, fromMs: number, toMs: number): Promise<TrackPoint[]> => {
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), limit: 5000 }
  return (await request<{ points: TrackPoint[] }>(`/api/tracks/${id(vehicleId)}${query(range)}`)).points
}

export const sendText = (
  vehicleId: string,
  text: string,
  operator: string,
): Promise<{ command_id: string }> => post(`/api/vehicles/${id(vehicleId)}/text`, { text, operator })
