// Where a zone's name is written. (The desk answers in WGS-84, whatever datum a zone was drawn in.)
import type { FeatureCollection, Position as Coordinates } from 'geojson'
import type { ZoneLabel } from './labels'

type Nested = Coordinates | Nested[]

const isPoint = (value: Nested): value is Coordinates => typeof value[0] === 'number'

/** The middle of each zone's bounding box with its names. */
export function zoneLabels(zones: FeatureCollection): ZoneLabel[] {
  return zones.features.flatMap((feature) => {
    if (!('coordinates' in feature.geometry)) return []
    const box = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number]
    stretch(feature.geometry.coordinates as Nested, box)
    if (!Number.isFinite(box[0])) return []
    const { name, name_en: nameEn, id } = feature.properties ?? {}
    return {
      name: String(name ?? id ?? ''),
      nameEn: String(nameEn ?? ''),
      longitudeDeg: (box[0] + box[2]) / 2,
      latitudeDeg: (box[1] + box[3]) / 2,
    }
  })
}

function stretch(value: Nested, box: [number, number, number, number]): void {
  if (!isPoint(value)) {
    for (const part of value) stretch(part, box)
    return
  }
  box[0] = Math.min(box[0], value[0]!)
  box[1] = Math.min(box[1], value[1]!)
  box[2] = Math.max(box[2], value[0]!)
  box[3] = Math.max(box[3], value[1]!)
}
