// The desk's HTTP API: alerts, vehicles and the map, one function a request.
import type { FeatureCollection } from 'geojson'
import { id, post, query, request } from './http'
import type { Alert, AlertPage, AlertRevision, DeskConfig, TrackPoint, Vehicle } from './model'

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
