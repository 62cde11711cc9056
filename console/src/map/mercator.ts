// Web Mercator in the unit square (0,0 north-west, 1,1 south-east), as MapLibre's matrices take it.

export const mercatorX = (longitudeDeg: number): number => (longitudeDeg + 180) / 360

export const mercatorY = (latitudeDeg: number): number =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (latitudeDeg * Math.PI) / 360)) / (2 * Math.PI)

/** The middle of the province. GPU floats hold 24 bits, so positions are sent relative to it: that keeps them
 * exact to a few centimetres where the vehicles are. */
export const ORIGIN = { x: mercatorX(119.5), y: mercatorY(33) }

/** `matrix` (column-major 4x4) moved so that it takes coordinates relative to ORIGIN. */
export function relativeMatrix(matrix: ArrayLike<number>): Float32Array {
  const moved = Float64Array.from(matrix)
  for (let row = 0; row < 4; row += 1) {
    moved[12 + row] = matrix[row]! * ORIGIN.x + matrix[4 + row]! * ORIGIN.y + matrix[12 + row]!
  }
  return Float32Array.from(moved)
}
