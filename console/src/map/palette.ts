// The map's colours. Classes are muted, levels are not: at three in the morning only what needs a person may shine.
import type { Level, VehicleClass } from '../model'

export const CLASS_COLOURS: Record<VehicleClass, string> = {
  unknown: '#84919d',
  heavy_truck: '#79aebd',
  tour_coach: '#b19bef',
  line_coach: '#7fcb9c',
  hazmat: '#e3df6c',
}

export const LEVEL_COLOURS: Record<Level, string> = { 1: '#ff5f63', 2: '#ffab47', 3: '#62a8ff' }

export const MAP_COLOURS = {
  sea: '#090e13',
  grid: '#101920',
  fineGrid: '#17222b',
  land: '#121b23',
  landEdge: '#2b3c4a',
  shore: '#1d4a57',
  zone: '#7d93a8',
  zoneForbidden: '#e0707c',
  zoneSpeed: '#d8a45c',
  track: '#5cc6d3',
  text: '#8ea1b1',
  textStrong: '#dfe8ee',
  halo: '#0a1016',
  selection: '#7fe3ee',
} as const

/** A colour as three numbers from 0 to 1, as WebGL takes it. */
export const rgb = (hex: string): [number, number, number] => [
  parseInt(hex.slice(1, 3), 16) / 255,
  parseInt(hex.slice(3, 5), 16) / 255,
  parseInt(hex.slice(5, 7), 16) / 255,
]
