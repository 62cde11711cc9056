import { describe, expect, it } from 'vitest'
import { nearestRow } from '../src/map/pick'
import { ONLINE_MS, PositionStore } from '../src/positions'
import type { Position } from '../src/model'

const T0 = Date.parse('2026-11-22T08:00:00+08:00')

const position = (id: string, ms: number, changes: Partial<Position> = {}): Position => ({
  vehicle_id: id,
  plate: '苏A00001',
  vehicle_class: 'hazmat',
  time: new Date(ms).toISOString(),
  longitude_deg: 118.8,
  latitude_deg: 32,
  speed_kmh: 60,
  heading_deg: 90,
  altitude_m: 5,
  alarm_bits: 0,
  status_bits: 3,
  ...changes,
})

describe('PositionStore', () => {
  it('never moves a vehicle backward in time', () => {
    const store = new PositionStore()
    store.apply([position('a', T0 + 1000, { longitude_deg: 119 })])
    store.apply([position('a', T0, { longitude_deg: 118 })])
    expect(store.longitudeDeg[0]).toBe(119)
    store.apply([position('a', T0 + 2000, { longitude_deg: 120 })])
    expect(store.longitudeDeg[0]).toBe(120)
    expect(store.size).toBe(1)
  })

  it('grows without forgetting', () => {
    const store = new PositionStore()
    const many = Array.from({ length: 5000 }, (_, i) => position(`v${i}`, T0, { speed_kmh: i % 100 }))
    store.apply(many)
    expect(store.size).toBe(5000)
    expect(store.rowOf('v4321')).toBe(4321)
    expect(store.speedKmh[4321]).toBe(21)
    expect(store.vehicleClass[4999]).toBe(4)
  })

  it('passes over what is no place or no time', () => {
    const store = new PositionStore()
    store.apply([
      position('a', T0, { latitude_deg: 91 }),
      position('b', T0, { longitude_deg: NaN }),
      position('c', T0, { time: 'yesterday' }),
    ])
    expect(store.size).toBe(0)
  })

  it('counts who has reported lately', () => {
    const store = new PositionStore()
    store.apply([position('a', T0), position('b', T0 - ONLINE_MS - 1)])
    expect(store.online(T0)).toBe(1)
  })
})

describe('nearestRow', () => {
  it('finds the nearest within reach, none beyond', () => {
    const store = new PositionStore()
    store.apply([
      position('far', T0, { longitude_deg: 118.81 }),
      position('near', T0, { longitude_deg: 118.801 }),
    ])
    const reach = 0.02 / 360
    expect(nearestRow(store, 118.8, 32, reach)).toBe(1)
    expect(nearestRow(store, 118.8, 32.1, reach)).toBeUndefined()
  })
})
