// New alerts said as they come, wherever they rank: one sentence at a time, under the queue and to screen readers,
// and the tone.
import { ref } from 'vue'
import { levelOf } from './alerts'
import { fill, ruleName, t } from './i18n'
import type { Alert, Level } from './model'
import { ring } from './sound'

/** A screen reader needs this long for a sentence; what arrives meanwhile becomes a count. */
const SENTENCE_MS = 4_000

export const announcement = ref('')

let waiting: Alert[] = []
let timer: ReturnType<typeof setTimeout> | undefined

export function announce(fresh: readonly Alert[]): void {
  if (fresh.length === 0) return
  ring(gravest(fresh))
  waiting.push(...fresh)
  if (timer === undefined) speak()
}

function speak(): void {
  timer = undefined
  announcement.value = sentence(waiting)
  if (waiting.length === 0) return
  waiting = []
  timer = setTimeout(speak, SENTENCE_MS)
}

const gravest = (alerts: readonly Alert[]): Level => Math.min(...alerts.map(levelOf)) as Level

export function sentence(alerts: readonly Alert[]): string {
  const [first] = alerts
  if (!first) return ''
  const texts = t.value
  const level = texts.levels[gravest(alerts)]
  if (alerts.length > 1) return fill(texts.queue.announceMany, { n: alerts.length, level })
  return fill(texts.queue.announce, {
    level,
    plate: first.plate ?? first.vehicle_id,
    rule: ruleName(first),
  })
}
