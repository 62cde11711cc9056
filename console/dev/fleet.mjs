// The invented fleet of the stand-in desk: vehicles on straight lines between cities, and rules they break.
import { randomUUID } from 'node:crypto'

const CITIES = [
  [118.79, 32.06], [120.3, 31.57], [117.19, 34.26], [119.95, 31.77], [120.62, 31.3], [120.86, 32.01],
  [119.18, 34.6], [119.02, 33.6], [120.14, 33.38], [119.42, 32.39], [119.45, 32.2], [119.92, 32.48], [118.28, 33.96],
] // prettier-ignore
const CLASSES = ['heavy_truck', 'heavy_truck', 'heavy_truck', 'tour_coach', 'line_coach', 'hazmat']
const ENTERPRISES = [
  '苏运物流有限公司',
  '宁沪客运集团',
  '江海危化品运输有限公司',
  '淮海重卡车队',
  '太湖旅游汽车公司',
]
const RULES = [
  { rule: 'speeding', level: 2, name: ['超速', 'Speeding'] },
  { rule: 'speeding', level: 1, name: ['超速', 'Speeding'] },
  { rule: 'continuous_driving', level: 2, name: ['连续驾驶超时', 'Continuous driving'] },
  { rule: 'zone_enter', level: 3, name: ['进入区域', 'Zone entered'] },
  { rule: 'zone_forbidden', level: 1, name: ['进入禁行区域', 'In a forbidden zone'] },
]
const DEGREES_PER_M = 1 / 111_000
const REPORT_S = 10
/** The stand-in's clock runs this much faster, so that movement shows at once. */
const SPEEDUP = 4

const pick = (list) => list[Math.floor(Math.random() * list.length)]

const square = (id, name, nameEn, [lon, lat], size, properties) => ({
  type: 'Feature',
  id,
  properties: { id, name, name_en: nameEn, datum: 'wgs84', ...properties },
  geometry: {
    type: 'Polygon',
    coordinates: [[[-1, -1], [1, -1], [1.2, 0.6], [0, 1.3], [-1, 1], [-1, -1]].map(([x, y]) => [lon + x * size, lat + y * size])], // prettier-ignore
  },
})

const ZONES = [
  square('Z1', '南京长江大桥禁行区', 'Nanjing bridge ban', [118.74, 32.11], 0.05, { rules: ['forbidden'] }),
  square('Z2', '太湖水源保护区', 'Taihu water source', [120.12, 31.4], 0.12, { rules: ['enter', 'exit'] }),
  square('Z3', '徐州北限速区', 'Xuzhou slow zone', [117.25, 34.33], 0.07, {
    rules: ['speed'],
    limit_kmh: 60,
  }),
]

function createVehicle(i) {
  const vehicleClass = CLASSES[i % CLASSES.length]
  const from = pick(CITIES)
  return {
    vehicle_id: `SIM-${String(i).padStart(5, '0')}`,
    plate: `苏${'ABCDEFGHJKLMN'[i % 13]}${String(10000 + ((i * 7919) % 89999))}`,
    plate_colour: vehicleClass === 'hazmat' ? 93 : 2,
    vehicle_class: vehicleClass,
    enterprise: ENTERPRISES[i % ENTERPRISES.length],
    driver_id: `D-${String(i).padStart(4, '0')}`,
    terminal_phone: `139${String(i).padStart(8, '0')}`,
    total_mass_kg: vehicleClass.endsWith('coach') ? 18_000 : 31_000,
    at: [from[0] + (Math.random() - 0.5) * 0.4, from[1] + (Math.random() - 0.5) * 0.3],
    to: pick(CITIES),
    speed: 60 + Math.random() * 40,
    heading: 0,
    reported: Date.now() - Math.random() * REPORT_S * 1000 - (i % 23 === 0 ? 900_000 : 0),
    asleep: i % 23 === 0,
  }
}

function drive(vehicle, nowMs) {
  const metres = ((nowMs - vehicle.reported) / 1000) * (vehicle.speed / 3.6) * SPEEDUP
  const [dx, dy] = [vehicle.to[0] - vehicle.at[0], vehicle.to[1] - vehicle.at[1]]
  const far = Math.hypot(dx, dy)
  const way = Math.min(metres * DEGREES_PER_M, far)
  if (far < 0.01) vehicle.to = pick(CITIES)
  else vehicle.at = [vehicle.at[0] + (dx / far) * way, vehicle.at[1] + (dy / far) * way]
  vehicle.heading = Math.round(((Math.atan2(dx * 0.85, dy) * 180) / Math.PI + 360) % 360)
  vehicle.speed = Math.max(0, Math.min(110, vehicle.speed + (Math.random() - 0.5) * 8))
  vehicle.reported = nowMs
}

const position = (vehicle, iso) => ({
  vehicle_id: vehicle.vehicle_id,
  plate: vehicle.plate,
  vehicle_class: vehicle.vehicle_class,
  time: iso(vehicle.reported),
  longitude_deg: vehicle.at[0],
  latitude_deg: vehicle.at[1],
  speed_kmh: vehicle.speed,
  heading_deg: vehicle.heading,
  altitude_m: 8,
  alarm_bits: 0,
  status_bits: 3,
})

function detailOf(rule) {
  if (rule === 'speeding') {
    const over = 84 + Math.random() * 30
    return { max_speed_kmh: over, limit_kmh: 80, limit_source: 'class', distance_m: 1834.2, tier_percent: 10 }
  }
  if (rule === 'continuous_driving') return { driving_s: 14_400 + Math.random() * 2000, limit_s: 14_400 }
  const zone = pick(ZONES).properties
  return { zone_id: zone.id, zone_name: zone.name, zone_name_en: zone.name_en }
}

/** A fleet of `n` vehicles; times go in as milliseconds and come out as `iso` writes them. */
export function createFleet(n) {
  const vehicles = Array.from({ length: n }, (_, i) => createVehicle(i))
  return {
    vehicles,
    zones: { type: 'FeatureCollection', features: ZONES },
    positions: (iso) => vehicles.map((vehicle) => position(vehicle, iso)),
    step: (nowMs, iso) => {
      const due = vehicles.filter((one) => !one.asleep && nowMs - one.reported >= REPORT_S * 1000)
      for (const vehicle of due) drive(vehicle, nowMs)
      return due.map((vehicle) => position(vehicle, iso))
    },
    invent: (nowMs, iso) => {
      const { rule, level, name } = pick(RULES)
      const vehicle = pick(vehicles)
      const start = iso(nowMs - (rule === 'continuous_driving' ? 16_000_000 : Math.random() * 600_000))
      return {
        alert_id: randomUUID(),
        vehicle_id: vehicle.vehicle_id,
        plate: vehicle.plate,
        vehicle_class: vehicle.vehicle_class,
        rule,
        rule_name: { zh: name[0], en: name[1] },
        level,
        start,
        found: iso(nowMs),
        end: rule === 'zone_enter' ? start : null,
        longitude_deg: vehicle.at[0],
        latitude_deg: vehicle.at[1],
        evidence: pick(['complete', 'complete', 'complete', 'bridged']),
        rulebook_version: '2026.1',
        detail: detailOf(rule),
        revision: 0,
        seq: 0,
        acknowledged_at: null,
        acknowledged_by: null,
        acknowledgement_note: null,
      }
    },
    track: (vehicleId, nowMs, iso) => {
      const vehicle = vehicles.find((one) => one.vehicle_id === vehicleId)
      const back = (vehicle.heading * Math.PI) / 180
      return Array.from({ length: 60 }, (_, i) => ({
        time: iso(nowMs - i * 10_000),
        longitude_deg: vehicle.at[0] - Math.sin(back) * i * 0.0022 + Math.sin(i / 6) * 0.001,
        latitude_deg: vehicle.at[1] - Math.cos(back) * i * 0.0019,
        speed_kmh: vehicle.speed,
        heading_deg: vehicle.heading,
        altitude_m: 8,
      })).reverse()
    },
  }
}
