// Keeps the page open while its desk goes away and comes back: no alert may be missing, none may need a reload.
//
//   node e2e/resume.mjs URL
//
// Prints "ready", "lost" (once the page says that it reconnects), then "done" with the alerts the page knows.
import { say, withPage } from './browser.mjs'

const [url] = process.argv.slice(2)

await withPage(url, { width: 1280, height: 800 }, async (page, seen) => {
  say('ready')
  await page.waitForSelector('[data-stream=reconnecting]')
  const text = await page.textContent('[data-stream]')
  const cursor = await page.evaluate(() => Number(window.haulwatch.cursor()))
  say('lost', { text: text.trim() })
  await page.waitForSelector('[data-stream=live]')
  await page.waitForFunction((before) => Number(window.haulwatch.cursor()) > before, cursor)
  say('done', {
    alerts: await page.evaluate(() => window.haulwatch.alerts()),
    reloaded: !(await page.evaluate(() => window.notReloaded === true)),
    ...seen,
  })
})
