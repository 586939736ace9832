/** Statements of any days from the portal: what they say, in which forms, and to whom. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Hono } from "hono";
import { HeavyClient } from "../../../gateway/app/heavy-client.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { createPortal, startPortal } from "../../../gateway/web/portal.ts";
import { fail } from "../../../shared/base/error.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { launchChromium } from "../../support/browser.ts";
import { readPdfText } from "../../support/pdf-text.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { TestBrowser, TestGate } from "../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../support/test-portal.ts";

let house: BilledHouse;
let model: ReadModel;
let app: Hono;
let close: () => Promise<void>;
const gate = new TestGate();

before(async () => {
  house = makeBilledHouse();
  const store = path.join(house.ledger.folder, "gateway.db");
  const db = openReadOnly(store);
  model = createReadModel(db, { suite: nodeSuite });
  await gate.addUser("olga", "operator");
  await gate.addUser("adam", "auditor");
  await gate.addUser("carl", "customer", [house.meter.id]);
  await gate.addUser("nora", "customer", ["352000002"]);
  const { clock, keys } = house.ledger;
  const work = new HeavyClient({ store, utility: keys.utility });
  app = createPortal({ readModel: model, clock, suite: nodeSuite, gate: gate.gate, work });
  close = async () => {
    await work.close();
    db.close();
  };
});
after(async () => {
  await close();
  house.ledger.close();
});

async function browserOf(name: string): Promise<TestBrowser> {
  const browser = new TestBrowser(app);
  assert.equal((await browser.signIn(name)).status, 303);
  return browser;
}

const SPAN = "from=2024-01-30&to=2024-02-02";
const address = (form = ""): string => `/meters/${house.meter.id}/statement${form}?${SPAN}`;
const json = (): string => `/api/v1${address()}`;

describe("a statement", () => {
  test("on the page: each line with its rate and how it was rounded, what is missing, the bill", async () => {
    const text = await (await (await browserOf("carl")).get(address())).text();
    const statement = model.periodStatement({
      meter: house.meter.id,
      from: "2024-01-30",
      to: "2024-02-02",
    });
    assert.ok(statement && statement.lines.length >= 6);
    for (const { label, exact, amountMinor } of statement.lines) {
      const amount = (amountMinor / 100).toFixed(2);
      const how =
        Number(exact) === Number(amount) ? `exactly ${amount}` : `${exact} before rounding`;
      const row = text.split("<tr>").find((part) => part.includes(`${label}<`));
      assert.ok(row?.includes(how) && row.includes(`>${amount}<`), label);
    }
    assert.match(text, /flag-warn">provisional/);
    assert.match(text, /192 slots without a usable record, and not all of it is in a bill yet/);
    assert.match(
      text,
      /1 Feb 2024, 00:00<\/time> to <time[^>]*>3 Feb 2024, 00:00<\/time>: not sealed yet/,
    );
    assert.ok(text.includes(`href="/bills/${house.no}"`) && text.includes("They stand as issued"));
  });

  test("as JSON and on paper it is the same", async (t) => {
    const carl = await browserOf("carl");
    const response = await carl.get(json());
    assert.equal(response.status, 200);
    const query = { meter: house.meter.id, from: "2024-01-30", to: "2024-02-02" };
    assert.deepEqual(await response.json(), model.periodStatement(query));
    const pdf = await carl.get(address(".pdf"));
    assert.equal(pdf.headers.get("content-type"), "application/pdf");
    assert.match(
      pdf.headers.get("content-disposition") ?? "",
      /filename="\d{9}-2024-01-30-2024-02-02-statement\.pdf"/,
    );
    if (!requireSystemPart(t, "pdftotext")) return;
    const text = readPdfText(new Uint8Array(await pdf.arrayBuffer()));
    assert.match(text, /Statement, provisional/);
  });

  test("is of the own meter only, and of no reading for an auditor", async () => {
    const [nora, adam, olga] = await Promise.all(["nora", "adam", "olga"].map(browserOf));
    for (const form of [address(), address(".pdf"), json()]) {
      assert.equal((await nora?.get(form))?.status, 404, form);
      assert.equal((await adam?.get(form))?.status, 403, form);
      assert.equal((await olga?.get(form))?.status, 200, form);
    }
    const bills = `/bills?meter=${house.meter.id}`;
    assert.doesNotMatch((await (await adam?.get(bills))?.text()) ?? "", /Statement of any days/);
    assert.match((await (await olga?.get(bills))?.text()) ?? "", /Statement of any days/);
  });

  test("that cannot be computed says why: a sentence on the page, a code for programs", async () => {
    const carl = await browserOf("carl");
    const early = `/meters/${house.meter.id}/statement?from=2020-01-01&to=2020-01-02`;
    const page = await carl.get(early);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /cannot be computed: no tariff is in force on 2020-01-01/);
    const refused = await carl.get(`/api/v1${early}`);
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), /"code":"tariff-none"/);
    const paper = await carl.get(early.replace("statement?", "statement.pdf?"));
    assert.deepEqual([paper.status, /tariff-none/.test(await paper.text())], [422, true]);
    for (const wrong of ["from=x", "to=2024-02-30", "from=2024-1-1"]) {
      const response = await carl.get(`/meters/${house.meter.id}/statement?${wrong}`);
      assert.equal(response.status, 400, wrong);
    }
  });

  test("is asked for on the page of the meter's bills, by keyboard alone", async (t) => {
    if (!requireSystemPart(t, "chromium")) return;
    const open = createTestPortal({ meters: 2, days: 40 });
    const portal = await startPortal({ app: open, port: 0 });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ javaScriptEnabled: false });
      await page.goto(`${portal.url}/bills?meter=${FIRST_METER}`);
      await page.getByLabel("First day").fill("2024-01-20");
      await page.getByLabel("Last day").fill("2024-01-25");
      await page.getByLabel("Last day").press("Enter");
      await page.waitForURL(/\/statement\?from=2024-01-20&to=2024-01-25$/);
      const heading = page.getByRole("heading", { name: "20 Jan 2024 to 25 Jan 2024" });
      assert.equal(await heading.count(), 1);
      assert.equal(await page.getByText("6 days × 0.41 per day").count(), 1);
    } finally {
      await browser.close();
      await portal.close();
    }
  });

  test("a portal that is asked for too much says so, and a fault is no refusal", async () => {
    const answer = async (error: () => never): Promise<number> => {
      const work = { printSheet: async () => error(), periodStatement: async () => error() };
      const portal = createTestPortal({ meters: 1, days: 3 }, { work });
      return (await portal.request(`/api/v1/meters/${FIRST_METER}/statement`)).status;
    };
    assert.equal(await answer(() => fail("busy", "too much")), 503);
    assert.equal(
      await answer(() => {
        throw new Error("a fault");
      }),
      500,
    );
  });
});
