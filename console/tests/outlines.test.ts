import { describe, expect, it } from 'vitest'
import { createRequire } from 'node:module'
import { decodeRing, type EncodedMap } from '../build/echarts_map'
import { decodeMap } from '../build/jiangsu'
import { cityName } from '../src/i18n/cities'
import { mercatorX, mercatorY, ORIGIN, relativeMatrix } from '../src/map/mercator'
import { tileAddresses } from '../src/map/style'

describe('the outlines', () => {
  const map = decodeMap(
    createRequire(import.meta.url)('echarts/map/json/province/jiangsu.json') as EncodedMap,
  )

  it('decode zigzag differences from an offset, and close the ring', () => {
    // Differences (+1, -1), (0, +2): zigzag 2, 1, 0, 4 on top of the bias 64.
    expect(decodeRing(String.fromCharCode(66, 65, 64, 68), [1024, 2048])).toEqual([
      [1025 / 1024, 2047 / 1024],
      [1025 / 1024, 2049 / 1024],
      [1025 / 1024, 2047 / 1024],
    ])
    expect(() => decodeRing('', undefined)).toThrow('another edition')
  })

  it('are the thirteen cities of Jiangsu, each named in English and labelled inside the province', () => {
    expect(map.features).toHaveLength(13)
    for (const { properties } of map.features) {
      expect(cityName(properties.name, 'en')).toMatch(/^[A-Z][a-z']+$/)
      const [lon, lat] = properties.label
      expect(lon).toBeGreaterThan(116.3)
      expect(lon).toBeLessThan(122)
      expect(lat).toBeGreaterThan(30.7)
      expect(lat).toBeLessThan(35.2)
    }
  })
})

describe('the map', () => {
  it('keeps centimetres although the GPU has 24 bits', () => {
    const matrix = new Float64Array(16)
    matrix[0] = matrix[5] = matrix[10] = matrix[15] = 1
    const moved = relativeMatrix(matrix)
    expect(moved[12]).toBeCloseTo(ORIGIN.x, 6)
    const x = Math.fround(mercatorX(118.796877) - ORIGIN.x)
    const metres = Math.abs(x + ORIGIN.x - mercatorX(118.796877)) * 40_075_016
    expect(metres).toBeLessThan(0.05)
    expect(mercatorY(0)).toBeCloseTo(0.5, 12)
  })

  it('spreads tile requests over a server family', () => {
    expect(tileAddresses('a/{z}/{x}/{y}')).toEqual(['a/{z}/{x}/{y}'])
    expect(tileAddresses('t{s}/{z}')).toHaveLength(8)
    expect(tileAddresses('t{s}/{z}')[7]).toBe('t7/{z}')
  })
})
