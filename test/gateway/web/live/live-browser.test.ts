/**
 * Pages that move, in a real browser with people who sign in: what a reader has opened, typed and reached stays while the page is
 * read again; signing out in one tab stills the other; no motion for those who want none.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { ReadModel } from "../../../../gateway/projection/read-model-types.ts";
import { EventHub } from "../../../../gateway/web/live/event-hub.ts";
import { type RunningPortal, startPortal } from "../../../../gateway/web/portal.ts";
import { launchChromium } from "../../../support/browser.ts";
import { makeFakeLive } from "../../../support/fake-live.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { hasSystemPart, requireSystemPart } from "../../../support/system-part.ts";
import { TestGate } from "../../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../../support/test-portal.ts";
import { waitFor } from "../../../support/wait.ts";

const METER = `/meters/${FIRST_METER}`;
const inner = createFakeReadModel({ meters: 14, days: 40 });
/** What happens while pages are open. */
let openAlarms = 0;
let label = "first floor";
let height = inner.overview().tip.height;
const readModel: ReadModel = {
  ...inner,
  overview: () => {
    const overview = inner.overview();
    return { ...overview, openAlarms, tip: { ...overview.tip, height, finalHeight: height } };
  },
  meter: (id) => {
    const meter = inner.meter(id);
    return meter && { ...meter, label };
  },
};

let portal: RunningPortal;
let browser: Browser | undefined;
const gate = new TestGate();
const { live } = makeFakeLive(readModel);
const events = new EventHub({
  ...{ overview: () => readModel.overview(), live, run: "test" },
  ...{ tickMs: 100, heartbeatTicks: 5 },
});
/** Stands for the meter that speaks. */
let speaking: NodeJS.Timeout;

before(async () => {
  if (!hasSystemPart("chromium")) return;
  gate.now = Math.floor(Date.now() / 1000);
  await gate.addUser("olga", "operator");
  await gate.addUser("carl", "customer", [FIRST_METER]);
  const app = createTestPortal({}, { readModel, live, events, gate: gate.gate });
  portal = await startPortal({ app, port: 0 });
  browser = await launchChromium();
  let power = 100_000;
  speaking = setInterval(() => {
    power += 1_000;
    const value = live.newest(FIRST_METER);
    if (value !== undefined) events.value({ ...value, powerMilliWatt: power });
  }, 200);
});
after(async () => {
  clearInterval(speaking);
  events.close();
  await browser?.close();
  await portal?.close();
});

async function signIn(
  name: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await (browser as Browser).newContext({
    viewport: { width: 1200, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(`${portal.url}/sign-in?next=${encodeURIComponent(path)}`);
  await page.fill("#name", name);
  await page.fill("#password", `password of ${name}`);
  await Promise.all([page.waitForNavigation(), page.click("form button")]);
  await page.evaluate("window.mark = 1");
  return page;
}

const power = (page: Page): Promise<string> =>
  page.locator('[data-live="power"] .live-value').innerText();

async function moves(page: Page): Promise<void> {
  const before = await power(page);
  await waitFor("another power", async () => (await power(page)) !== before);
}

test("a customer's meter moves; what was opened, reached and scrolled to stays when the page is read again", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const page = await signIn("carl", METER);
  await moves(page);
  await page.locator("summary", { hasText: "The days as a table" }).click();
  const link = page.locator(".behind tbody a").nth(3);
  await link.focus();
  const scrolled = await page.evaluate("scrollY");
  label = "second floor";
  height += 1;
  await waitFor("the page to be read again", async () =>
    (await page.locator(".head .lead").innerText()).includes("second floor"),
  );
  assert.equal(await page.evaluate("window.mark"), 1, "without being loaded again");
  assert.equal(await page.locator("details.behind").getAttribute("open"), "");
  const focused = await page.evaluate("document.activeElement.getAttribute('href')");
  assert.equal(focused, await link.getAttribute("href"));
  assert.equal(await page.evaluate("scrollY"), scrolled);
  assert.equal(await page.locator("#tip .num").innerText(), String(height));
  await moves(page);
  assert.equal(await page.locator(".top .count").count(), 0, "alarms of others are not told");
  await page.context().close();
});

test("an operator sees alarms come and go in the frame, and typed text stays", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const page = await signIn("olga", "/");
  assert.equal(await page.locator(".top .count").count(), 0);
  await page.fill("#q", "3525");
  openAlarms = 2;
  await waitFor("two alarms", async () => (await page.locator(".top .count").count()) === 1);
  assert.match(await page.locator('.top nav a[href="/alarms"]').innerText(), /^Alarms 2/);
  await waitFor("the figures of the page", async () =>
    (await page.locator(".stats").innerText()).includes("open"),
  );
  assert.equal(await page.inputValue("#q"), "3525");
  openAlarms = 0;
  await waitFor("no alarms", async () => (await page.locator(".top .count").count()) === 0);
  await page.context().close();
});

test("signing out in one tab stills the other, which says so", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const page = await signIn("carl", METER);
  await moves(page);
  const other = await page.context().newPage();
  await other.goto(`${portal.url}/account`);
  await other.bringToFront();
  await Promise.all([other.waitForNavigation(), other.click("form[action='/sign-out'] button")]);
  await page.bringToFront();
  await waitFor("the other tab to notice", async () =>
    (await page.locator("#live-age").innerText()).includes("not connected"),
  );
  const stopped = await power(page);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(await power(page), stopped);
  await page.context().close();
});

test("whoever wants no motion sees new values at once", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  for (const [reducedMotion, expected] of [
    ["reduce", false],
    ["no-preference", true],
  ] as const) {
    const page = await signIn("carl", METER, { reducedMotion });
    await page.evaluate(
      "window.moved = 0; const animate = Element.prototype.animate; Element.prototype.animate = function (...a) { window.moved++; return animate.apply(this, a); }",
    );
    await moves(page);
    assert.equal(((await page.evaluate("window.moved")) as number) > 0, expected, reducedMotion);
    await page.context().close();
  }
});
