/** Zooming into charts in a real browser: by keyboard alone, by pointer, by touch, by plain links without scripts. */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { type RunningPortal, startPortal } from "../../../gateway/web/portal.ts";
import { launchChromium } from "../../support/browser.ts";
import { hasSystemPart, requireSystemPart } from "../../support/system-part.ts";
import { createTestPortal, FIRST_METER } from "../../support/test-portal.ts";
import { waitFor } from "../../support/wait.ts";

const METER = `/meters/${FIRST_METER}`;
const VILLAGE = { meters: 2, days: 40, silentDates: ["2024-01-20", "2024-01-21"] };

describe("zoom in a browser", () => {
  let portal: RunningPortal;
  let browser: Browser | undefined;
  before(async () => {
    if (!hasSystemPart("chromium")) return;
    portal = await startPortal({ app: createTestPortal(VILLAGE), port: 0 });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await portal?.close();
  });

  /** A page that knows whether it was loaded again. */
  async function open(
    t: TestContext,
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<Page | undefined> {
    if (!requireSystemPart(t, "chromium") || browser === undefined) return undefined;
    const context = await browser.newContext({
      viewport: { width: 1200, height: 900 },
      ...options,
    });
    t.after(() => context.close());
    const page = await context.newPage();
    page.on("pageerror", (error) => assert.fail(error));
    await page.goto(portal.url + path);
    if (options.javaScriptEnabled !== false) await page.evaluate("window.mark = 1");
    return page;
  }

  const pathOf = (page: Page): string => page.url().slice(portal.url.length);
  const bars = (page: Page): Promise<number> => page.locator("#chart-energy .bar").count();
  const heading = (page: Page): Promise<string> => page.locator(".stepper h2").innerText();
  const isSamePage = async (page: Page): Promise<boolean> =>
    (await page.evaluate("window.mark")) === 1;

  async function reaches(page: Page, path: string): Promise<void> {
    await waitFor(path, () => pathOf(page) === path);
  }

  test("by the keyboard: nearer, further, along and back to the whole, with the focus kept", async (t) => {
    const page = await open(t, `${METER}?month=2024-01`);
    if (page === undefined) return;
    // Tab leads there; how many stops there are before does not matter.
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate("document.activeElement.matches('[data-zoom-keys]')")) break;
    }
    const isFocused = (): Promise<unknown> =>
      page.evaluate("document.activeElement.matches('[data-zoom-keys]')");
    assert.equal(await isFocused(), true, "the charts can be reached");
    await page.keyboard.press("+");
    await reaches(page, `${METER}?from=2024-01-08&to=2024-01-23`);
    assert.equal(await heading(page), "8 – 23 Jan 2024");
    assert.equal(await bars(page), 14, "two of sixteen days have no record");
    assert.equal(await page.locator("#chart-energy .gap").count(), 1, "and are one box");
    assert.equal(await isFocused(), true);
    await page.keyboard.press("+");
    await reaches(page, `${METER}?from=2024-01-12&to=2024-01-19`);
    await page.keyboard.press("ArrowRight");
    await reaches(page, `${METER}?from=2024-01-20&to=2024-01-27`);
    await page.keyboard.press("ArrowLeft");
    await reaches(page, `${METER}?from=2024-01-12&to=2024-01-19`);
    await page.keyboard.press("-");
    await reaches(page, `${METER}?from=2024-01-08&to=2024-01-23`);
    await page.keyboard.press("0");
    await reaches(page, `${METER}?month=2024-01`);
    assert.equal(await isFocused(), true);
    assert.equal(await isSamePage(page), true);
    await page.goBack();
    await waitFor("the way back", async () => (await heading(page)) === "8 – 23 Jan 2024");
  });

  test("by the pointer: a drag chooses a part, a click on a bar still leads to its day", async (t) => {
    const page = await open(t, `${METER}?month=2024-01`);
    if (page === undefined) return;
    const plot = page.locator("#chart-energy .plot");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    assert.ok(box);
    const at = (day: number): number => box.x + ((day - 0.5) / 31) * box.width;
    const y = box.y + box.height / 2;
    await page.mouse.move(at(14), y);
    await page.mouse.down();
    await page.mouse.move(at(10), y, { steps: 4 });
    assert.equal(await page.locator(".zoom-box").count(), 1, "what is chosen can be seen");
    await page.mouse.move(at(5), y, { steps: 4 });
    await page.mouse.up();
    await reaches(page, `${METER}?from=2024-01-05&to=2024-01-14`);
    assert.equal(await bars(page), 10);
    assert.equal(await page.locator(".zoom-box").count(), 0);
    assert.equal(await isSamePage(page), true, "the end of the drag was no click");
    await page.locator("#chart-voltage .band").first().click();
    await page.waitForURL(`**${METER}/days/2024-01-05`);
  });

  test("by touch: a drag across and a pinch zoom, a drag down scrolls", async (t) => {
    const page = await open(t, `${METER}?month=2024-01`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    if (page === undefined) return;
    const touch = await page.context().newCDPSession(page);
    const plot = page.locator("#chart-energy .plot");
    const place = async () => {
      await plot.scrollIntoViewIfNeeded();
      const box = await plot.boundingBox();
      assert.ok(box);
      return { x: (share: number) => box.x + share * box.width, y: box.y + box.height / 2 };
    };
    const { x, y } = await place();
    await drag(touch, [[x(0.1), y]], [[x(0.4), y]]);
    await reaches(page, `${METER}?from=2024-01-04&to=2024-01-13`);
    const pinched = await place();
    await drag(
      touch,
      [
        [pinched.x(0.4), pinched.y],
        [pinched.x(0.6), pinched.y],
      ],
      [
        [pinched.x(0.3), pinched.y],
        [pinched.x(0.7), pinched.y],
      ],
    );
    await reaches(page, `${METER}?from=2024-01-06&to=2024-01-11`);
    const closed = await place();
    await drag(
      touch,
      [
        [closed.x(0.1), closed.y],
        [closed.x(0.9), closed.y],
      ],
      [
        [closed.x(0.4), closed.y],
        [closed.x(0.6), closed.y],
      ],
    );
    await waitFor("further out", () => /from=2024-01-03&to=2024-01-14$/.test(pathOf(page)));
    assert.equal(await isSamePage(page), true);
  });

  test("a day: nearer by the keyboard, by plain links without scripts", async (t) => {
    const day = `${METER}/days/2024-01-18`;
    const page = await open(t, day);
    if (page === undefined) return;
    await page.locator("[data-zoom-keys]").focus();
    await page.keyboard.press("+");
    await reaches(page, `${day}?slots=24-71`);
    assert.equal(await page.locator("#chart-day .bar").count(), 48);
    assert.match(await page.locator("#chart-day figcaption").innerText(), /06:00 to 18:00/);
    await page.keyboard.press("0");
    await reaches(page, day);

    const plain = await open(t, day, { javaScriptEnabled: false });
    if (plain === undefined) return;
    await plain.getByRole("link", { name: "Zoom in" }).click();
    assert.equal(pathOf(plain), `${day}?slots=24-71`);
    await plain.getByRole("link", { name: "Zoom out" }).click();
    assert.equal(pathOf(plain), day);
    await plain.goto(`${portal.url}${METER}?month=2024-01`);
    await plain.getByRole("link", { name: "Zoom in" }).click();
    assert.equal(pathOf(plain), `${METER}?from=2024-01-08&to=2024-01-23`);
    await plain.getByRole("link", { name: "January 2024" }).click();
    assert.equal(pathOf(plain), `${METER}?month=2024-01`);
    assert.equal(await plain.locator("[data-zoom-keys][tabindex]").count(), 0, "no empty stop");
  });

  test("a year: chosen months are shown by day", async (t) => {
    const page = await open(t, `${METER}?year=2024`);
    if (page === undefined) return;
    const plot = page.locator("#chart-energy .plot");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.02, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.12, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await waitFor("the months by day", async () => (await heading(page)) === "1 Jan – 29 Feb 2024");
    assert.equal(await bars(page), 38, "forty days without the silent two");
  });
});

type Fingers = readonly (readonly [x: number, y: number])[];

/** Fingers go down, move in steps and leave. */
async function drag(session: CDPSession, from: Fingers, to: Fingers): Promise<void> {
  const send = (type: "touchStart" | "touchMove" | "touchEnd", points: Fingers) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: points.map(([x, y], id) => ({ x, y, id })),
    });
  await send("touchStart", from);
  for (let step = 1; step <= 5; step++) {
    const between = from.map(([x, y], i): [number, number] => {
      const [endX = x, endY = y] = to[i] ?? [];
      return [x + ((endX - x) * step) / 5, y + ((endY - y) * step) / 5];
    });
    await send("touchMove", between);
  }
  await send("touchEnd", []);
}
