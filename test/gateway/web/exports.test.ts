/** What leaves the portal as a file: what it is, who gets it, and that it says when it was cut off. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Hono } from "hono";
import { exportBundle } from "../../../gateway/bundle/export-bundle.ts";
import { renderBillPdf } from "../../../gateway/export/bill-pdf.ts";
import { makeBillSheet } from "../../../gateway/export/bill-sheet.ts";
import { greenButton } from "../../../gateway/export/green-button.ts";
import { slotsCsv, slotsJson } from "../../../gateway/export/slot-table.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { withoutReadings } from "../../../gateway/web/access/scoped-model.ts";
import { createPortal, startPortal } from "../../../gateway/web/portal.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { launchChromium } from "../../support/browser.ts";
import { readPdfInfo, readPdfText } from "../../support/pdf-text.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { TestBrowser, TestGate } from "../../support/test-gate.ts";
import { createTestPortal } from "../../support/test-portal.ts";

let house: BilledHouse;
let model: ReadModel;
let folder: string;
let app: Hono;
const gate = new TestGate();
let bundleOf: (no: string) => string;
let close: () => void;

before(async () => {
  house = makeBilledHouse();
  const db = openReadOnly(path.join(house.ledger.folder, "gateway.db"));
  model = createReadModel(db, { suite: nodeSuite });
  const recipient = house.ledger.keys.utility;
  bundleOf = (no) => exportBundle(db, no, { suite: nodeSuite, recipient });
  await gate.addUser("olga", "operator");
  await gate.addUser("adam", "auditor");
  await gate.addUser("carl", "customer", [house.meter.id]);
  await gate.addUser("nora", "customer", ["352000002"]);
  const { clock } = house.ledger;
  app = createPortal({
    readModel: model,
    clock,
    suite: nodeSuite,
    gate: gate.gate,
    exportBundle: bundleOf,
  });
  folder = mkdtempSync(path.join(tmpdir(), "wattproof-exports-"));
  close = () => db.close();
});
after(() => {
  close();
  house.ledger.close();
  rmSync(folder, { recursive: true });
});

async function browserOf(name: string): Promise<TestBrowser> {
  const browser = new TestBrowser(app);
  assert.equal((await browser.signIn(name)).status, 303);
  return browser;
}

describe("readings of a period", () => {
  const span = "from=2024-01-03&to=2024-01-05";
  const period = (): { meter: string; from: string; to: string } => ({
    meter: house.meter.id,
    from: "2024-01-03",
    to: "2024-01-05",
  });
  for (const [name, type, write] of [
    ["readings.csv", "text/csv; charset=utf-8", slotsCsv],
    ["readings.json", "application/json", slotsJson],
    ["green-button.xml", "application/atom+xml; charset=utf-8", greenButton],
  ] as const) {
    test(`${name}: what the command writes, as a file with a name`, async () => {
      const carl = await browserOf("carl");
      const response = await carl.get(`/meters/${house.meter.id}/${name}?${span}`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), type);
      const disposition = response.headers.get("content-disposition") ?? "";
      assert.match(
        disposition,
        /^attachment; filename="wattproof-\d{9}-2024-01-03-2024-01-05-[\w.-]+"$/,
      );
      assert.equal(response.headers.get("cache-control"), "private, no-store");
      assert.equal(await response.text(), [...write(model, period())].join(""));
    });
  }

  test("without a period it is all of them; a wrong one is refused", async () => {
    const olga = await browserOf("olga");
    const all = await (await olga.get(`/meters/${house.meter.id}/readings.csv`)).text();
    assert.equal(all.split("\r\n").length, 1 + 31 * 96 + 1);
    for (const query of ["from=2024-01-05&to=2024-01-01", "from=x", "to=2024-02-30"]) {
      const response = await olga.get(`/meters/${house.meter.id}/readings.csv?${query}`);
      assert.equal(response.status, 400, query);
      assert.match(await response.text(), /parameter/);
    }
  });

  test("a store that fails on the way cuts the file off instead of ending it", async () => {
    const errors: unknown[] = [];
    const failing: ReadModel = {
      ...model,
      day: (meter, date) => {
        if (date === "2024-01-04") throw new Error("the disk is gone");
        return model.day(meter, date);
      },
    };
    const { clock } = house.ledger;
    const onError = (error: unknown): void => void errors.push(error);
    const portal = createPortal({ readModel: failing, clock, suite: nodeSuite, onError });
    const response = await portal.request(`/meters/${house.meter.id}/readings.csv?${span}`);
    await assert.rejects(response.text());
    assert.equal(errors.length, 1);
  });
});

describe("a bill's files", () => {
  test("the PDF is the one of the sheet, to an auditor without what says when somebody was at home", async () => {
    for (const [name, shown] of [
      ["carl", model],
      ["adam", withoutReadings(model)],
    ] as const) {
      const viewer = await browserOf(name);
      const response = await viewer.get(`/bills/${house.no}.pdf`);
      assert.equal(response.headers.get("content-type"), "application/pdf");
      const sheet = makeBillSheet(shown, house.no);
      assert.ok(sheet);
      const bytes = new Uint8Array(await response.arrayBuffer());
      assert.deepEqual(bytes, await renderBillPdf(sheet), name);
    }
  });

  test("the bundle verifies, and is named after the bill", async () => {
    const carl = await browserOf("carl");
    const response = await carl.get(`/bills/${house.no}.bundle.json`);
    assert.equal(response.status, 200);
    const disposition = response.headers.get("content-disposition") ?? "";
    assert.ok(disposition.includes(`"${house.no}.bundle.json"`));
    assert.equal(verifyBundle(nodeSuite, await response.text()).bill.no, house.no);
  });

  test("an auditor gets no bundle, because it holds opened readings; another's customer nothing", async () => {
    const adam = await browserOf("adam");
    assert.equal((await adam.get(`/bills/${house.no}.bundle.json`)).status, 403);
    const page = await (await adam.get(`/bills/${house.no}`)).text();
    assert.doesNotMatch(page, /bundle\.json/);
    const nora = await browserOf("nora");
    for (const ending of [".pdf", ".bundle.json", ""]) {
      assert.equal((await nora.get(`/bills/${house.no}${ending}`)).status, 404, ending);
      assert.equal((await nora.get(`/bills/none${ending}`)).status, 404, ending);
    }
  });

  test("the page offers what there is", async () => {
    const carl = await browserOf("carl");
    const page = await (await carl.get(`/bills/${house.no}`)).text();
    for (const href of [
      `/bills/${house.no}.bundle.json`,
      `/bills/${house.no}.pdf`,
      "/verify-bill.html",
    ]) {
      assert.ok(page.includes(`href="${href}"`), href);
    }
    assert.match(page, /0\.061933267 EUR\/kWh on average/);
  });

  test("a portal that has no key hands out no bundle", async () => {
    const portal = createPortal({ readModel: model, clock: house.ledger.clock, suite: nodeSuite });
    const response = await portal.request(`/bills/${house.no}.bundle.json`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /hands out no bundles/);
  });

  test("printed from the browser it is one page of A4 without navigation", async (t) => {
    if (!requireSystemPart(t, "chromium", "pdftotext")) return;
    const open = createPortal({ readModel: model, clock: house.ledger.clock, suite: nodeSuite });
    const running = await startPortal({ app: open, port: 0 });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(`${running.url}/bills/${house.no}`);
      const pdf = await page.pdf({ format: "A4" });
      assert.match(readPdfInfo(pdf), /^Pages:\s+1$/m);
      const text = readPdfText(pdf);
      for (const { label, amountMinor } of model.bill(house.no)?.lines ?? []) {
        const row = text.split("\n").find((line) => line.includes(label)) ?? "";
        assert.ok(row.trim().endsWith((amountMinor / 100).toFixed(2)), label);
      }
      assert.doesNotMatch(text, /Alarms|Download|Day by day|loads nothing from elsewhere/);
    } finally {
      await browser.close();
      await running.close();
    }
  });
});

describe("the offline verifier from the portal", () => {
  test("is the same for everybody, under a policy that admits its script by its hash", async () => {
    const response = await app.request("/verify-bill.html");
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-/,
    );
    assert.match(policy, /frame-ancestors 'none'$/);
    assert.doesNotMatch(policy, /unsafe|self/);
    const other = await createTestPortal().request("/bills");
    const usual = other.headers.get("content-security-policy") ?? "";
    assert.match(usual, /script-src 'self';/);
    assert.doesNotMatch(usual, /sha256|unsafe/);
  });

  test("finds the portal's bundle right in a browser, and asks for nothing", async (t) => {
    if (!requireSystemPart(t, "chromium")) return;
    const running = await startPortal({ app, port: 0 });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("pageerror", (error) => assert.fail(error));
      await page.goto(`${running.url}/verify-bill.html`);
      const file = path.join(folder, "bill.bundle.json");
      writeFileSync(file, bundleOf(house.no));
      await page.setInputFiles("#file", file);
      await page.waitForSelector(".verdict h2:not(:has-text('Checking'))");
      assert.equal(await page.textContent(".verdict h2"), "This bill is right");
      const own = requests.filter((url) => !url.endsWith("/favicon.ico"));
      assert.deepEqual(own, [`${running.url}/verify-bill.html`]);
    } finally {
      await browser.close();
      await running.close();
    }
  });
});
