// Headless Chromium with software WebGL, and what every browser test of the page watches for.
import { execFileSync } from 'node:child_process'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]

/** Software rendering on a busy machine is slow; what takes longer than this does not come. */
export const PATIENCE_MS = 90_000

const findChromium = () =>
  process.env.CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim()

/** One line of JSON a happening, for the program that started us. */
export const say = (happening, more = {}) => console.log(JSON.stringify({ happening, ...more }))

/** Opens the page and waits until it is live; runs `steps`, and always ends the browser. */
export async function withPage(url, size, steps) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS })
  try {
    const page = await browser.newPage({ viewport: size })
    page.setDefaultTimeout(PATIENCE_MS)
    const seen = { foreign_requests: [], errors: [] }
    page.on('request', (request) => {
      const to = new URL(request.url())
      if (/^(https?|wss?):$/.test(to.protocol) && to.host !== new URL(url).host) {
        seen.foreign_requests.push(request.url())
      }
    })
    page.on('pageerror', (error) => seen.errors.push(String(error)))
    await page.goto(url)
    await page.waitForSelector('[data-map=ready]')
    await page.waitForFunction(() => window.haulwatch?.stream() === 'live')
    await page.evaluate(() => (window.notReloaded = true))
    await steps(page, seen)
  } finally {
    await browser.close()
  }
}

export const shownAlerts = (page) =>
  page.$$eval('[data-alert]', (rows) => rows.map((row) => row.getAttribute('data-alert')))
