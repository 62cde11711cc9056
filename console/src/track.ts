// The track that the map shows of one vehicle.
import { shallowRef } from 'vue'
import type { TrackPoint } from './model'

export const shownTrack = shallowRef<{ vehicleId: string; points: readonly TrackPoint[] } | null>(null)
