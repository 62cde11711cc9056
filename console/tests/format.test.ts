import { afterEach, describe, expect, it } from 'vitest'
import { skewMs } from '../src/clock'
import { facts, fieldText, gist, sentenceWhy } from '../src/explain'
import { compass, duration, moment, stamp } from '../src/format'
import { gbkBytes } from '../src/gbk'
import { fill, language, ruleName } from '../src/i18n'
import { cityName } from '../src/i18n/cities'
import { refusalReason } from '../src/http'
import { alertOf } from './samples'

const MIDNIGHT = Date.parse('2026-11-22T00:00:00+08:00')

afterEach(() => (language.value = 'zh'))

describe('times', () => {
  it('are those of Shanghai, 24 hours, wherever the page runs', () => {
    expect(moment(MIDNIGHT)).toEqual({ date: '2026-11-22', time: '00:00:00' })
    expect(moment(NaN).time).toBe('–')
  })

  it('carry the day when it is another', () => {
    expect(stamp(MIDNIGHT, MIDNIGHT + 1)).toBe('00:00:00')
    expect(stamp(MIDNIGHT - 1000, MIDNIGHT)).toBe('11-21 23:59:59')
  })

  it('last in minutes and seconds, then in hours', () => {
    expect([0, 59_999, 61_000, 3_600_000, 97_200_000, -5].map(duration)).toEqual([
      '0:00',
      '0:59',
      '1:01',
      '1:00:00',
      '27:00:00',
      '0:00',
    ])
  })

  it('follow the desk where the workstation is off by more than a header can say', () => {
    const header = 'Sun, 22 Nov 2026 00:00:00 GMT'
    expect(skewMs(header, Date.parse(header) - 2_000)).toBe(0)
    expect(skewMs(header, Date.parse(header) - 60_000)).toBe(60_000)
    expect(skewMs(null, 0)).toBe(0)
  })
})

describe('texts', () => {
  it('name the compass', () => {
    expect([0, 22, 23, 180, 337, 338, 360, -90].map(compass).join(' ')).toBe('N N NE S NW N N W')
  })

  it('are measured as GBK', () => {
    expect(gbkBytes('减速 slow')).toBe(9)
  })

  it('fill their names and leave unknown ones', () => {
    expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}')
  })

  it('name rules as the desk does, in both languages, and cities', () => {
    const nameless = { rule: 'bsd', rule_name: { zh: '盲区预警', en: '' } }
    expect([ruleName(alertOf()), ruleName(nameless)]).toEqual(['超速', '盲区预警'])
    language.value = 'en'
    expect([ruleName(alertOf()), ruleName(nameless)]).toEqual(['Speeding', 'bsd'])
    expect([cityName('南京市', 'zh'), cityName('南京市', 'en')]).toEqual(['南京', 'Nanjing'])
  })

  it('give a refusal in the language of the operator', () => {
    const body = { error: { code: 'x', message_en: 'no such alert', message_zh: '没有这条告警' } }
    expect(refusalReason(body, 404, 'zh')).toBe('没有这条告警')
    expect(refusalReason(body, 404, 'en')).toBe('no such alert')
    expect(refusalReason('<html>', 502, 'zh')).toBe('HTTP 502')
  })
})

describe('an alert explains itself', () => {
  it('in a figure, a sentence and a list', () => {
    expect(gist(alertOf())).toBe('96 / 80 km/h')
    expect(sentenceWhy(alertOf())).toContain('20%')
    expect(facts(alertOf()).map((fact) => fact.text)).toEqual(['96 km/h', '80 km/h', '车型限速'])
    const zone = { zone_id: 'Z1', zone_name: '长江大桥', zone_name_en: 'Yangtze bridge' }
    const entered = alertOf({ rule: 'zone_enter', detail: zone })
    expect(gist(entered)).toBe('长江大桥')
    language.value = 'en'
    expect(gist(entered)).toBe('Yangtze bridge')
  })

  it('with units by the name of a field, and fields it has never heard of', () => {
    expect(fieldText('driving_s', 14_700)).toBe('4:05:00')
    expect(fieldText('distance_m', 12_340)).toBe('12.3 km')
    expect(fieldText('new_thing', { a: 1 })).toBe('{"a":1}')
    expect(facts(alertOf({ detail: { new_thing: 7, nothing: null } }))).toEqual([
      { name: 'new_thing', label: 'new_thing', text: '7' },
    ])
  })
})
