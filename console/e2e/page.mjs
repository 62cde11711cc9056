// Looks at the page as an operator does: a vehicle moves, an alert appears without a reload, it is opened and signed.
//
//   node e2e/page.mjs URL FOLDER [--sign NAME]
//
// Prints one JSON object a line: "ready" (from now on a new alert is awaited), then "done" with what was seen.
// Leaves page.png (Chinese), alert.png and english.png in FOLDER. Exit code 1 when something did not come in time.
import { join } from 'node:path'
import { say, shownAlerts, withPage } from './browser.mjs'

const [url, folder, , operator] = process.argv.slice(2)
const SIZE = { width: 1600, height: 900 }

const positions = (page) =>
  page.evaluate(() =>
    window.haulwatch.vehicles().map((one) => [one.vehicle_id, one.longitude_deg, one.latitude_deg]),
  )

/** Waits until a vehicle known before is somewhere else; says which and from where to where. */
async function seeMove(page, before) {
  const moved = await page.waitForFunction((known) => {
    const places = new Map(known.map(([id, ...place]) => [id, place]))
    return window.haulwatch
      .vehicles()
      .map((one) => ({
        id: one.vehicle_id,
        from: places.get(one.vehicle_id),
        to: [one.longitude_deg, one.latitude_deg],
      }))
      .find(({ from, to }) => from && Math.hypot(to[0] - from[0], to[1] - from[1]) > 1e-5)
  }, before)
  return moved.jsonValue()
}

/** Waits for an alert in the list that was not there before; says its id. */
async function seeAlert(page, before) {
  const arrived = await page.waitForFunction(
    (known) =>
      [...document.querySelectorAll('[data-alert]')]
        .map((row) => row.getAttribute('data-alert'))
        .find((id) => !known.includes(id)),
    before,
  )
  return arrived.jsonValue()
}

async function sign(page, alertId) {
  await page.click(`[data-alert="${alertId}"]`)
  await page.fill('[data-field=note]', '已电话提醒')
  await page.click('[data-action=acknowledge]')
  await page.fill('[data-field=operator]', operator)
  await page.click('[data-action=save-operator]')
  await page.waitForFunction(
    (name) => document.querySelector('[data-panel]')?.textContent.includes(name),
    operator,
  )
}

await withPage(url, SIZE, async (page, seen) => {
  await page.waitForFunction(() => window.haulwatch.vehicles().length > 0)
  const canvas = page.locator('[data-map]')
  const [placesBefore, alertsBefore, pictureBefore] = [
    await positions(page),
    await page.evaluate(() => window.haulwatch.alerts()),
    await canvas.screenshot(),
  ]
  say('ready', { vehicles: placesBefore.length, alerts: alertsBefore.length })
  const moved = await seeMove(page, placesBefore)
  const alert = await seeAlert(page, alertsBefore)
  const pictureAfter = await canvas.screenshot()
  await page.screenshot({ path: join(folder, 'page.png') })
  if (operator) await sign(page, alert)
  else await page.click(`[data-alert="${alert}"]`)
  await page.waitForTimeout(2_500) // the flight to the vehicle ends; only the picture depends on it
  await page.screenshot({ path: join(folder, 'alert.png') })
  await page.click('[data-action=language]')
  await page.waitForFunction(() => document.documentElement.lang === 'en')
  await page.screenshot({ path: join(folder, 'english.png') })
  say('done', {
    moved,
    alert,
    shown: (await shownAlerts(page)).length,
    picture_changed: !pictureBefore.equals(pictureAfter),
    reloaded: !(await page.evaluate(() => window.notReloaded === true)),
    stream: await page.evaluate(() => window.haulwatch.stream()),
    ...seen,
  })
})
