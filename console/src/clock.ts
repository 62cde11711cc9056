// One clock for the page, ticking once a second. It follows the desk's clock where the workstation's is off,
// because "reported 12 s ago" must not depend on who set the PC's time.
import { ref, type Ref } from 'vue'

/** Below this the Date header's own resolution (1 s) and the network would only add noise. */
const TRUSTED_SKEW_MS = 3_000

export interface Clock {
  nowMs: Ref<number>
  /** Learns the desk's time from a `Date` header received at `receivedMs`. */
  learn: (dateHeader: string | null, receivedMs: number) => void
  stop: () => void
}

export const skewMs = (dateHeader: string | null, receivedMs: number): number => {
  const skew = Date.parse(dateHeader ?? '') - receivedMs
  return Math.abs(skew) > TRUSTED_SKEW_MS ? skew : 0
}

export function startClock(): Clock {
  let skew = 0
  const nowMs = ref(Date.now())
  const timer = setInterval(() => (nowMs.value = Date.now() + skew), 1000)
  return {
    nowMs,
    learn: (header, receivedMs) => {
      skew = skewMs(header, receivedMs)
      nowMs.value = Date.now() + skew
    },
    stop: () => clearInterval(timer),
  }
}
