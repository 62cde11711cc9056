// echarts 4's compact map format ("UTF8Encoding"): each ring is a string whose characters hold zigzag-coded
// differences of longitude and latitude in 1/1024 degree, beginning at the ring's offset.

type Offset = [number, number]

export type EncodedGeometry =
  | { type: 'Polygon'; coordinates: string[]; encodeOffsets: Offset[] }
  | { type: 'MultiPolygon'; coordinates: string[][]; encodeOffsets: Offset[][] }

export interface EncodedMap {
  features: { properties: { name: string }; geometry: EncodedGeometry }[]
}

const BIAS = 64
const STEPS_PER_DEGREE = 1024

const unzigzag = (value: number): number => (value >> 1) ^ -(value & 1)

/** One ring of [longitude, latitude] in degrees, closed as GeoJSON wants it. */
export function decodeRing(text: string, offset: Offset | undefined): [number, number][] {
  if (!offset) throw new Error('echarts map: a ring has no offset; is this another edition of the file?')
  let [x, y] = offset
  const ring: [number, number][] = []
  for (let i = 0; i + 1 < text.length; i += 2) {
    x += unzigzag(text.charCodeAt(i) - BIAS)
    y += unzigzag(text.charCodeAt(i + 1) - BIAS)
    ring.push([x / STEPS_PER_DEGREE, y / STEPS_PER_DEGREE])
  }
  const first = ring[0]
  const last = ring.at(-1)
  if (first && last && (first[0] !== last[0] || first[1] !== last[1])) ring.push([first[0], first[1]])
  return ring
}
