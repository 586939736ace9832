// A day at the portal for each role, clicked through in a real browser over a real store: operator, auditor, customer. What
// they see on the way is left in output/screenshots.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/browser.ts";
import { HousePortal } from "../support/house-portal.ts";
import { projectRoot } from "../support/project-root.ts";
import { hasSystemPart, requireSystemPart } from "../support/system-part.ts";

const ROOT = projectRoot();
const SHOTS = path.join(ROOT, "output", "screenshots");
const PASSWORD = "a long password";

let house: HousePortal;
let browser: Browser | undefined;
let folder: string;
before(async () => {
  if (!hasSystemPart("chromium")) return;
  house = await HousePortal.open();
  browser = await launchChromium();
  mkdirSync(SHOTS, { recursive: true });
  folder = mkdtempSync(path.join(tmpdir(), "wattproof-days-"));
});
after(async () => {
  await browser?.close();
  await house?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** Somebody at a browser. */
class Person {
  readonly page: Page;
  readonly complaints: string[] = [];
  readonly #name: string;
  #shots = 0;

  constructor(page: Page, name: string) {
    this.page = page;
    this.#name = name;
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
  }

  /** Goes to an address by typing it. */
  async go(address: string): Promise<void> {
    await this.page.goto(house.portal.url + address);
  }

  /** Follows a link or presses a button, and waits for the page behind it. */
  async follow(selector: string): Promise<void> {
    await Promise.all([this.page.waitForNavigation(), this.page.click(selector)]);
  }

  async fill(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [id, value] of Object.entries(fields)) await this.page.fill(`#${id}`, value);
  }

  get path(): string {
    return this.page.url().slice(house.portal.url.length);
  }

  async text(selector = "main"): Promise<string> {
    return (await this.page.textContent(selector)) ?? "";
  }

  /** Leaves a picture, and holds the page to the accessibility check in light and dark, at a desk and on a phone. */
  async look(what: string): Promise<void> {
    this.#shots += 1;
    const name = `day-${this.#name}-${this.#shots}-${what}.png`;
    await this.page.screenshot({ path: path.join(SHOTS, name), fullPage: true });
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 390],
    ] as const) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.setViewportSize({ width, height: 900 });
      const found: unknown = await this.page.evaluate(
        `${axe.source}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
      );
      assert.deepEqual(found, [], `${this.#name} ${what}, ${colorScheme}`);
      const isWider = await this.page.evaluate("document.documentElement.scrollWidth > innerWidth");
      assert.equal(isWider, false, `${this.#name} ${what} at ${width}`);
    }
    await this.page.emulateMedia({ colorScheme: "light" });
    await this.page.setViewportSize({ width: 1280, height: 900 });
  }
}

async function arrive(t: TestContext, name: string): Promise<Person | undefined> {
  if (!requireSystemPart(t, "chromium") || browser === undefined) return undefined;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
  });
  t.after(() => context.close());
  return new Person(await context.newPage(), name);
}

async function signIn(person: Person, name: string): Promise<void> {
  await person.go("/");
  await person.fill({ name, password: `password of ${name}` });
  await person.follow("form button");
}

/** Whether the first that fits has the focus. */
async function isFocused(person: Person, selector: string): Promise<boolean> {
  const id = await person.page.locator(selector).first().getAttribute("id");
  return (await person.page.evaluate("document.activeElement.id")) === id;
}

/** What the gateway answers to an address that no page offers. */
async function fetchAs(person: Person, address: string): Promise<{ readonly status: number }> {
  const answer = await person.page.request.get(house.portal.url + address);
  return { status: answer.status() };
}

/** Lets the browser check what the page shows. */
async function verify(person: Person): Promise<string> {
  await person.page.click("[data-walk] [data-start]");
  await person.page.waitForSelector(".walk-verdict p");
  return person.text(".walk-verdict");
}

describe("a day at the portal", () => {
  test("the operator: set-up, overview, an alarm, a meter, a bill that is paid, performance", async (t) => {
    const olga = await arrive(t, "operator");
    if (olga === undefined) return;
    await olga.go(house.setUp);
    await olga.look("set-up");
    await olga.fill({ name: "olga", password: PASSWORD });
    await olga.follow("form button");
    assert.equal(olga.path, "/");
    assert.match(await olga.text(".stats"), /Meters2/);
    await olga.look("overview");

    await olga.follow("nav[aria-label=Main] a[href='/alarms']");
    assert.match(await olga.text(".head .lead"), /^\d alarms need a look/);
    await olga.look("alarms");
    const tamper = ".alarm:has(code:text-is('tamper'))";
    // Without a mouse: past the navigation, to the note, and sent by Enter.
    await olga.page.keyboard.press("Tab");
    assert.equal(await olga.page.evaluate("document.activeElement.className"), "skip");
    await olga.page.keyboard.press("Enter");
    assert.equal(await olga.page.evaluate("document.activeElement.id"), "main");
    const fields = [];
    for (let i = 0; i < 40 && !(await isFocused(olga, `${tamper} input[name=note]`)); i++) {
      await olga.page.keyboard.press("Tab");
      fields.push(await olga.page.evaluate("document.activeElement.outerHTML.slice(0, 80)"));
    }
    assert.ok(await isFocused(olga, `${tamper} input[name=note]`), fields.join("\n"));
    await olga.page.keyboard.type("The electrician was there.");
    await Promise.all([olga.page.waitForNavigation(), olga.page.keyboard.press("Enter")]);
    assert.match(
      await olga.text("section[aria-labelledby=being-looked-into]"),
      /Acknowledged by olga.*The electrician was there\./,
    );
    const silent = ".alarm:has(code:text-is('no-data'))";
    await olga.follow(`${silent} button:text-is('Close')`);
    await olga.follow("a:text-is('Closed')");
    assert.match(await olga.text(), /No data.*Closed by olga/s);
    await olga.look("alarms-closed");

    const { meter, no } = house.house;
    await olga.follow("a.brand");
    await olga.follow(`a[href='/meters/${meter.id}']`);
    assert.match(await olga.text("h1"), /Meter/);
    await olga.look("meter");
    await olga.follow("a[href*='/days/']:visible >> nth=0");
    assert.match(olga.path, /days/);
    await olga.look("day");

    house.order("payment", { no, amount: "1.00", ref: "transfer 1" });
    await olga.follow("nav[aria-label=Main] a[href='/bills']");
    await olga.look("bills");
    await olga.follow(`main a[href='/bills/${no}']`);
    assert.match(await olga.text("h1"), /Bill for January 2024/);
    await olga.look("bill");
    await olga.go(`/bills?meter=${meter.id}`);
    assert.match(await olga.text("section[aria-labelledby=account]"), /Payment transfer 1/);

    await olga.follow("nav[aria-label=Main] a[href='/chain']");
    await olga.follow("a[href='/performance']");
    assert.match(await olga.text("h1"), /Performance/);
    assert.equal((await olga.page.locator(".figure .bar").count()) > 60, true);
    await olga.look("performance");
    await olga.follow("a[href='/performance?by=day']");
    await olga.look("performance-days");
    assert.deepEqual(olga.complaints, []);
  });

  test("the auditor: the chain, verified in the browser; bills without readings; alarms without a form", async (t) => {
    const adam = await arrive(t, "auditor");
    if (adam === undefined) return;
    await house.addUser("adam", "auditor");
    await signIn(adam, "adam");
    assert.equal(adam.path, "/chain", "readings are not an auditor's");
    assert.equal(await adam.page.locator("nav[aria-label=Main] a[href='/']").count(), 0);
    assert.match(await verify(adam), /^All of it holds\. 5 steps/);
    await adam.look("chain");
    await adam.follow("a.block >> nth=2");
    assert.match(await adam.text("section[aria-labelledby=meaning]"), /The checkpoint/);
    assert.match(await verify(adam), /^All of it holds\. 6 steps/);
    await adam.look("block");
    await adam.follow("table.cards tbody a[href^='/records/'] >> nth=0");
    assert.match(await verify(adam), /^All of it holds\. 8 steps/);
    await adam.look("record");

    const { meter, no } = house.house;
    await adam.follow("nav[aria-label=Main] a[href='/bills']");
    await adam.follow(`main a[href='/bills/${no}']`);
    const bill = await adam.text();
    assert.match(bill, /Total/);
    assert.doesNotMatch(bill, /Download bundle|Day by day/);
    await adam.look("bill");
    for (const address of [`/meters/${meter.id}`, `/bills/${no}.bundle.json`]) {
      const { status } = await fetchAs(adam, address);
      assert.equal(status, 403, address);
    }
    await adam.follow("nav[aria-label=Main] a[href='/alarms']");
    assert.equal(await adam.page.locator(".alarm-form").count(), 0);
    assert.match(await adam.text(), /Tamper|The case was opened/);
    await adam.look("alarms");
    assert.deepEqual(adam.complaints, []);
  });

  test("the customer: the own meter, the bill, its bundle, and the verdict of the offline verifier without a network", async (t) => {
    const carl = await arrive(t, "customer");
    if (carl === undefined || browser === undefined) return;
    const { meter, no } = house.house;
    const other = house.house.ledger.meters[1]?.id ?? "";
    await house.addUser("carl", "customer", [meter.id]);
    await signIn(carl, "carl");
    assert.equal(carl.path, "/");
    assert.equal(
      await carl.page.locator("section[aria-labelledby=all-meters] tbody tr").count(),
      1,
    );
    await carl.look("overview");
    await carl.follow(`a[href='/meters/${meter.id}']`);
    await carl.look("meter");
    assert.equal((await fetchAs(carl, `/meters/${other}`)).status, 404);
    await carl.follow("nav[aria-label=Main] a[href='/alarms']");
    assert.doesNotMatch(await carl.text(), /olga|electrician|Answers of intake/);
    assert.match(await carl.text(), /The case was opened/);

    await carl.follow("nav[aria-label=Main] a[href='/bills']");
    await carl.follow(`main a[href='/bills/${no}']`);
    await carl.look("bill");
    const [download] = await Promise.all([
      carl.page.waitForEvent("download"),
      carl.page.click("a:text-is('Download bundle')"),
    ]);
    const file = path.join(folder, "bill.bundle.json");
    await download.saveAs(file);
    assert.deepEqual(carl.complaints, []);

    const offline = await browser.newContext({
      offline: true,
      viewport: { width: 1280, height: 900 },
    });
    t.after(() => offline.close());
    const verifier = new Person(await offline.newPage(), "customer-offline");
    const page = path.join(ROOT, "dist", "browser", "verify-bill.html");
    await verifier.page.goto(pathToFileURL(page).href);
    await verifier.page.fill("#chain", house.house.ledger.ledger.state.chain.id);
    await verifier.page.setInputFiles("#file", file);
    await verifier.page.waitForSelector(".verdict h2:not(:has-text('Checking'))");
    assert.equal(await verifier.text(".verdict h2"), "This bill is right");
    assert.match(await verifier.text("#report"), /The chain is the one that you know\./);
    await verifier.look("verdict");
  });
});
