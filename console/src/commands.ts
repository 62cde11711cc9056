// Orders to a vehicle's terminal (JT/T 808), and what became of them.
import { id, post, query, request } from './http'
import type { Bilingual } from './model'

export interface Command {
  command_id: string
  kind: string
  kind_name: Bilingual
  body: Record<string, unknown>
  operator: string
  created: string
  state: 'waiting' | 'sent' | 'delivered' | 'answered' | 'failed' | 'expired'
  state_name: Bilingual
  reason_name: Bilingual | null
  result: Record<string, unknown> | null
}

/** Alarm flags that a person may confirm (JT/T 808-2013, 8.24: bits 0, 3, 20, 21, 22, 27, 28). */
export const CONFIRMABLE_BITS = [0, 3, 20, 21, 22, 27, 28].reduce((bits, bit) => bits + 2 ** bit, 0)

/** What the buttons order. */
export const ORDERS = {
  position_query: {},
  track: { interval_s: 5, validity_s: 300 },
  photo: { channel: 1 },
  alarm_confirm: { alarm_serial: 0, alarm_bits: CONFIRMABLE_BITS },
  attributes_query: {},
} as const

export type OrderKind = keyof typeof ORDERS

export const ORDER_KINDS = Object.keys(ORDERS) as OrderKind[]

export const order = (vehicleId: string, kind: OrderKind, operator: string): Promise<unknown> =>
  post(`/api/vehicles/${id(vehicleId)}/commands`, { kind, body: ORDERS[kind], operator })

/** The newest first. */
export const getCommands = async (vehicleId: string, limit: number): Promise<Command[]> =>
  (await request<{ commands: Command[] }>(`/api/commands${query({ vehicle_id: vehicleId, limit })}`)).commands

/** Whether something can still become of a command. */
export const unfinished = (command: Command): boolean =>
  command.state === 'waiting' || command.state === 'sent' || command.state === 'delivered'
