// Which vehicle is under the pointer: a plain search through the columns, 50,000 rows in well under a millisecond.
import type { PositionStore } from '../positions'
import { mercatorX, mercatorY } from './mercator'

/** The row nearest to a place, within `reach` (Mercator units, as one pixel's width times the pixels allowed). */
export function nearestRow(
  positions: PositionStore,
  longitudeDeg: number,
  latitudeDeg: number,
  reach: number,
): number | undefined {
  const [x, y] = [mercatorX(longitudeDeg), mercatorY(latitudeDeg)]
  // One unit of Mercator is 360 degrees of longitude, and at most as many of latitude.
  const window = reach * 360
  let best: number | undefined
  let bestSquare = reach * reach
  for (let row = 0; row < positions.size; row += 1) {
    const lon = positions.longitudeDeg[row]!
    const lat = positions.latitudeDeg[row]!
    if (Math.abs(lon - longitudeDeg) > window || Math.abs(lat - latitudeDeg) > window) continue
    const square = (mercatorX(lon) - x) ** 2 + (mercatorY(lat) - y) ** 2
    if (square <= bestSquare) {
      best = row
      bestSquare = square
    }
  }
  return best
}
