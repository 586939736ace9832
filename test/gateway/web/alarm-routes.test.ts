// Alarms through the portal: who may do what about them, from which pages, and what everybody else sees.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Hono } from "hono";
import type { AlarmRow } from "../../../gateway/projection/alarm-types.ts";
import { ROLES } from "../../../gateway/web/access/role.ts";
import { fail } from "../../../shared/base/error.ts";
import { createFakeReadModel } from "../../support/fake-read-model.ts";
import { TestBrowser, TestGate } from "../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../support/test-portal.ts";

const OTHER = createFakeReadModel({ meters: 2 }).meters().rows[1]?.meter ?? "";
const ALARMS: readonly AlarmRow[] = [
  {
    ...{ id: 3, kind: "no-data", code: "no-data", atSeconds: 30, meter: FIRST_METER },
    ...{ detail: "offline since noon", state: "open" },
  },
  {
    ...{
      id: 2,
      kind: "tamper",
      code: "tamper",
      atSeconds: 20,
      meter: OTHER,
      detail: "closed → open",
      state: "acknowledged",
    },
    acknowledged: { atSeconds: 21, by: "olga", note: "seen by the caretaker" },
  },
  {
    ...{ id: 1, kind: "clock", code: "clock-refused", atSeconds: 10, meter: FIRST_METER },
    ...{ state: "closed", closed: { atSeconds: 11, by: "olga", note: "battery" } },
  },
] as const;

let test: TestGate;
let app: Hono;
let orders: unknown[];
beforeEach(async () => {
  test = new TestGate();
  for (const role of ROLES) await test.addUser(role, role, [FIRST_METER]);
  orders = [];
  app = createTestPortal(
    { meters: 2, alarms: ALARMS },
    {
      gate: test.gate,
      office: async (...order) => {
        if ((order[1] as { id: number }).id === 99) fail("alarm-state", "it is closed already");
        orders.push(order);
        return {};
      },
    },
  );
});

async function signedIn(role: string): Promise<TestBrowser> {
  const browser = new TestBrowser(app);
  await browser.signIn(role);
  return browser;
}

describe("an operator's forms", () => {
  it("acknowledges and closes, with a note or without", async () => {
    const browser = await signedIn("operator");
    const token = await browser.tokenOf("/alarms");
    const first = await browser.post("/alarms/3/acknowledge", { token, note: "  on my way " });
    assert.deepEqual([first.status, first.headers.get("location")], [303, "/alarms"]);
    assert.equal((await browser.post("/alarms/3/close", { token, note: "" })).status, 303);
    assert.deepEqual(orders, [
      ["alarm-acknowledge", { id: 3, by: "operator", note: "on my way" }],
      ["alarm-close", { id: 3, by: "operator" }],
    ]);
  });

  it("takes a note of the longest kind in any script", async () => {
    const browser = await signedIn("operator");
    const token = await browser.tokenOf("/alarms");
    const note = "电".repeat(500);
    assert.equal((await browser.post("/alarms/3/close", { token, note })).status, 303);
    assert.deepEqual(orders, [["alarm-close", { id: 3, by: "operator", note }]]);
  });

  it("is refused from another site, without its token, and with a note that is too long", async () => {
    const browser = await signedIn("operator");
    const token = await browser.tokenOf("/alarms");
    const path = "/alarms/3/acknowledge";
    for (const [fields, headers, status] of [
      [{ token }, { origin: "http://evil.example" }, 403],
      [{ token }, { "sec-fetch-site": "cross-site" }, 403],
      [{}, {}, 403],
      [{ token: `${token}x` }, {}, 403],
      [{ token, note: "x".repeat(501) }, {}, 400],
    ] as const) {
      assert.equal(
        (await browser.post(path, fields as Record<string, string>, headers)).status,
        status,
      );
    }
    assert.equal((await browser.post("/alarms/0/close", { token })).status, 400);
    assert.equal((await browser.post("/alarms/3/reopen", { token })).status, 405);
    const late = await browser.post("/alarms/99/close", { token });
    assert.equal(late.status, 409);
    assert.match(await late.text(), /alarm-state/);
    assert.deepEqual(orders, []);
  });

  it("is nobody else's: others have no form, and their post is refused", async () => {
    for (const role of ["auditor", "customer"]) {
      const browser = await signedIn(role);
      const page = await (await browser.get("/alarms")).text();
      assert.doesNotMatch(page, /<form class="alarm-form"/, role);
      const token = await browser.tokenOf("/account");
      const response = await browser.post("/alarms/3/acknowledge", { token });
      assert.equal(response.status, 403, role);
      assert.match(await response.text(), /access/);
    }
    const stranger = await new TestBrowser(app).post("/alarms/3/acknowledge", {});
    assert.equal(stranger.headers.get("location"), "/sign-in?next=/alarms");
    assert.deepEqual(orders, []);
  });

  it("is not there where nobody signs in", async () => {
    const open = createTestPortal({ meters: 2, alarms: ALARMS });
    assert.doesNotMatch(await (await open.request("/alarms")).text(), /alarm-form/);
    assert.equal((await open.request("/alarms/3/close", { method: "POST" })).status, 405);
  });
});

describe("what each role sees", () => {
  it("operator and auditor: all of them, and who did what; the customer: the own meter's, without names and notes", async () => {
    for (const role of ["operator", "auditor"]) {
      const browser = await signedIn(role);
      const page = await (await browser.get("/alarms")).text();
      assert.match(page, /id="alarm-3"/);
      assert.match(page, /seen by the caretaker/);
      assert.match(page, /Answers of intake/);
      assert.match(await (await browser.get("/alarms?state=closed")).text(), /battery/);
    }
    const browser = await signedIn("customer");
    const page = await (await browser.get("/alarms")).text();
    assert.match(page, /id="alarm-3"/);
    assert.doesNotMatch(page, /id="alarm-2"|caretaker|Answers of intake/);
    const closed = await (await browser.get("/alarms?state=closed")).text();
    assert.match(closed, /Closed by <bdi>the operator/);
    assert.doesNotMatch(closed, /battery|olga/);
  });

  it("an auditor is not told what a sealed record says, on the page or through the interface", async () => {
    const token = test.addToken("program of an auditor", "auditor");
    const headers = { authorization: `Bearer ${token}` };
    const answer = await (await app.request("/api/v1/alarms", { headers })).text();
    const page = await (await (await signedIn("auditor")).get("/alarms")).text();
    for (const text of [answer, page]) {
      assert.match(text, /offline since noon/, "what the gateway itself saw");
      assert.doesNotMatch(text, /closed → open/);
    }
    assert.match(await (await (await signedIn("operator")).get("/alarms")).text(), /closed → open/);
  });

  it("the same through the interface, by state and meter", async () => {
    const ask = async (role: (typeof ROLES)[number], query: string) => {
      const token = test.addToken(`${role} ${query}`, role, [FIRST_METER]);
      const headers = { authorization: `Bearer ${token}` };
      const response = await app.request(`/api/v1/alarms${query}`, { headers });
      const { rows } = (await response.json()) as { rows: AlarmRow[] };
      return rows.map(({ id }) => id);
    };
    assert.deepEqual(await ask("auditor", ""), [3, 2, 1]);
    assert.deepEqual(await ask("customer", ""), [3, 1]);
    assert.deepEqual(await ask("customer", `?meter=${OTHER}`), []);
    assert.deepEqual(await ask("operator", "?state=acknowledged"), [2]);
    assert.deepEqual(await ask("operator", "?before=3&limit=1"), [2]);
  });

  it("metrics count what is open and what is being looked into", async () => {
    const token = test.addToken("prometheus", "metrics");
    const headers = { authorization: `Bearer ${token}` };
    const text = await (await app.request("/metrics", { headers })).text();
    assert.match(text, /^wattproof_alarms_open 1$/m);
    assert.match(text, /^wattproof_alarms_acknowledged 1$/m);
  });
});

describe("a program's orders", () => {
  const post = (token: string | undefined, body: string, path = "/alarms/3/acknowledge") =>
    app.request(`/api/v1${path}`, {
      method: "POST",
      body,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  it("takes an operator's token and no other, and never a session", async () => {
    for (const role of ROLES) {
      const token = test.addToken(`orders of ${role}`, role, [FIRST_METER]);
      assert.equal((await post(token, "")).status, role === "operator" ? 200 : 403, role);
    }
    assert.equal((await post(undefined, "")).status, 401);
    const browser = await signedIn("operator");
    assert.equal((await browser.post("/api/v1/alarms/3/close", {})).status, 401);
    assert.deepEqual(orders, [["alarm-acknowledge", { id: 3, by: "orders of operator" }]]);
  });

  it("takes a note, and refuses what is no note", async () => {
    const token = test.addToken("desk", "operator");
    assert.equal((await post(token, '{"note":"done"}', "/alarms/3/close")).status, 200);
    for (const body of [
      "{",
      "7",
      '{"note":7}',
      "null",
      JSON.stringify({ note: "x".repeat(501) }),
    ]) {
      assert.equal((await post(token, body)).status, 400, body);
    }
    assert.equal((await post(token, "", "/alarms/99/close")).status, 409);
    assert.deepEqual(orders, [["alarm-close", { id: 3, by: "desk", note: "done" }]]);
  });
});
