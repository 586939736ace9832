/** Signing in with a real browser: set-up, a wrong password, the operator's and the customer's first page, signing out. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { type RunningPortal, startPortal } from "../../../../gateway/web/portal.ts";
import { launchChromium } from "../../../support/browser.ts";
import { requireSystemPart } from "../../../support/system-part.ts";
import { TestGate } from "../../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../../support/test-portal.ts";

let gate: TestGate;
let portal: RunningPortal;
let browser: Browser | undefined;
before(async () => {
  gate = new TestGate();
  gate.now = Math.floor(Date.now() / 1000);
  portal = await startPortal({
    app: createTestPortal({ meters: 3 }, { gate: gate.gate }),
    port: 0,
  });
});
after(async () => {
  await browser?.close();
  await portal.close();
});

async function openPage(path: string): Promise<Page> {
  browser ??= await launchChromium();
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  await page.goto(portal.url + path);
  return page;
}

async function send(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
  await Promise.all([page.waitForNavigation(), page.click("form >> nth=0 >> button")]);
}

const pathOf = (page: Page): string => page.url().slice(portal.url.length);

test("the set-up link makes the operator, who sees every meter and the alarms", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const page = await openPage(gate.gate.setUpPath() ?? "");
  await send(page, { name: "olga", password: "a long password" });
  assert.equal(pathOf(page), "/");
  assert.equal(await page.locator("nav[aria-label=Main] li").count(), 5);
  assert.ok((await page.content()).includes(FIRST_METER));
  await page.context().close();
});

test("a wrong password is told, a right one leads on; a customer sees the own meter only; signing out ends it", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  await gate.addUser("carl", "customer", [FIRST_METER]);
  const page = await openPage("/bills");
  assert.match(pathOf(page), /^\/sign-in\?next=/);
  await send(page, { name: "carl", password: "not the password" });
  assert.match((await page.textContent("[role=alert]")) ?? "", /credentials/);
  assert.equal(await page.inputValue("#name"), "carl", "what was typed is not lost");
  await send(page, { password: "password of carl" });
  assert.equal(pathOf(page), "/bills");
  await page.goto(`${portal.url}/`);
  assert.equal(await page.locator("section[aria-labelledby=all-meters] tbody tr").count(), 1);
  assert.equal(
    await page.locator("nav[aria-label=Main] a[href='/alarms']").count(),
    1,
    "of the own meter",
  );
  await page.click("a[href='/account']");
  await Promise.all([page.waitForNavigation(), page.click("form[action='/sign-out'] button")]);
  await page.goto(`${portal.url}/bills`);
  assert.match(pathOf(page), /^\/sign-in/);
  await page.context().close();
});

test("the pages around signing in pass the accessibility check and fit a phone, light and dark", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const page = await openPage("/sign-in");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(
      `${axe.source}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
    );
    assert.deepEqual(found, []);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), false);
  }
  await page.context().close();
});
