/** Signing in, and who may see what: every page and every API route by every role. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Hono } from "hono";
import { maySee, ROLES, type Role } from "../../../../gateway/web/access/role.ts";
import { API_ROUTES } from "../../../../gateway/web/api/api-routes.ts";
import { ROUTES } from "../../../../gateway/web/routes.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { TestBrowser, TestGate } from "../../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../../support/test-portal.ts";

const VILLAGE = { meters: 3 } as const;
const model = createFakeReadModel(VILLAGE);
const [first, second] = model.meters().rows.map(({ meter }) => meter);
assert.equal(first, FIRST_METER);
const OTHER = second ?? "";
const billOf = (meter: string): string => model.bills({ meter }).rows[0]?.no ?? "";
const date = model.meter(FIRST_METER)?.lastDay?.date ?? "";

/** A route's path with parts of this meter. */
function fill(path: string, meter: string): string {
  return path
    .replace(":meter", meter)
    .replace(":date", date)
    .replace(/:no(?:\{\.\+(.*)\})?/, (_, ending: string = "") =>
      encodeURIComponent(billOf(meter)).concat(ending.replaceAll("\\", "")),
    )
    .replace(":height", "1")
    .replace(":position", "1")
    .replace("/find", "/find?q=1");
}

async function openHouse(): Promise<{ test: TestGate; app: Hono }> {
  const test = new TestGate();
  await test.addUser("olga", "operator");
  await test.addUser("adam", "auditor");
  await test.addUser("carl", "customer", [FIRST_METER]);
  await test.addUser("prometheus", "metrics");
  return { test, app: createTestPortal(VILLAGE, { gate: test.gate, exportBundle: (no) => no }) };
}

const NAMES: { readonly [R in Role]: string } = {
  operator: "olga",
  auditor: "adam",
  customer: "carl",
  metrics: "prometheus",
};

describe("every page by every role", async () => {
  const { app } = await openHouse();
  for (const role of ROLES) {
    it(`${role}: own`, async () => {
      const browser = new TestBrowser(app);
      assert.equal((await browser.signIn(NAMES[role])).status, 303);
      for (const { path, shows } of ROUTES) {
        const { status } = await browser.get(fill(path, FIRST_METER));
        const viewer = { name: "x", role, meters: [FIRST_METER] };
        const expected = maySee(viewer, shows) ? [200, 303] : path === "/" ? [303] : [403];
        assert.ok(expected.includes(status), `${role} ${path}: ${status}`);
      }
    });
  }

  it("a customer: of another meter nothing is there", async () => {
    const browser = new TestBrowser(app);
    await browser.signIn("carl");
    for (const { path, shows } of ROUTES) {
      const isOfMeter = path.includes(":meter") || path.includes(":no");
      const response = await browser.get(fill(path, OTHER));
      if (isOfMeter) assert.equal(response.status, 404, path);
      if (shows !== "chain" && !isOfMeter && response.status === 200) {
        assert.doesNotMatch(await response.text(), new RegExp(OTHER), path);
      }
    }
    const records = await (await browser.get("/blocks/1")).text();
    assert.doesNotMatch(records, new RegExp(OTHER), "a block's page names no other meter");
  });

  it("nobody: pages lead to the sign-in, and say nothing of the chain", async () => {
    const browser = new TestBrowser(app);
    for (const { path } of ROUTES) {
      const response = await browser.get(fill(path, FIRST_METER));
      assert.equal(response.status, 303, path);
      assert.match(response.headers.get("location") ?? "", /^\/sign-in\?next=/);
    }
    const page = await (await browser.get("/sign-in")).text();
    assert.doesNotMatch(page, new RegExp(model.overview().tip.chainId.slice(0, 12)));
  });
});

describe("every API route by every role", async () => {
  const { test, app } = await openHouse();
  for (const role of ROLES) {
    it(`${role}, by token`, async () => {
      const token = test.addToken(`program of ${role}`, role, [FIRST_METER]);
      for (const { path, shows } of API_ROUTES) {
        const response = await app.request(`/api/v1${fill(path, FIRST_METER)}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        const allowed = maySee({ name: "x", role, meters: [] }, shows);
        assert.equal(response.status, allowed ? 200 : 403, `${role} ${path}`);
      }
      const metrics = await app.request("/metrics", {
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(metrics.status, role === "metrics" || role === "operator" ? 200 : 403);
    });
  }

  it("a customer's token sees no other meter", async () => {
    const token = test.addToken("carl's", "customer", [FIRST_METER]);
    const headers = { authorization: `Bearer ${token}` };
    for (const { path } of API_ROUTES) {
      const response = await app.request(`/api/v1${fill(path, OTHER)}`, { headers });
      const isOfMeter = path.includes(":meter") || path.includes(":no");
      if (isOfMeter) assert.equal(response.status, 404, path);
      else assert.doesNotMatch(await response.text(), new RegExp(`"meter":"${OTHER}"`), path);
    }
  });

  it("nobody, a wrong token and a dropped one are refused with their code", async () => {
    const dropped = test.addToken("dropped", "operator");
    test.users.dropToken("dropped");
    const tokens = [undefined, "wpt_x", `wpt_${"A".repeat(43)}`, dropped];
    for (const { path } of [...API_ROUTES, { path: "/../../metrics" }]) {
      for (const token of tokens) {
        const response = await app.request(`http://localhost/api/v1${fill(path, FIRST_METER)}`, {
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        });
        assert.equal(response.status, 401, path);
        assert.match(await response.text(), /signed-out/);
      }
    }
  });

  it("a token opens no page", async () => {
    const token = test.addToken("pages", "operator");
    const response = await app.request("/", { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 303);
  });
});

describe("signing in", () => {
  it("the session is a cookie that scripts, other sites and plain connections never see", async () => {
    const test = new TestGate({ secure: true });
    await test.addUser("olga", "operator");
    const browser = new TestBrowser(createTestPortal(VILLAGE, { gate: test.gate }));
    const response = await browser.signIn("olga");
    assert.equal(response.headers.get("location"), "/");
    const cookie = response.headers
      .getSetCookie()
      .find((line) => line.startsWith("wattproof_session"));
    for (const part of ["HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=43200"]) {
      assert.ok(cookie?.includes(part), part);
    }
  });

  it("a wrong name and a wrong password are refused alike", async () => {
    const { app } = await openHouse();
    const texts = await Promise.all(
      [
        ["olga", "wrong password"],
        ["nobody", "wrong password"],
      ].map(async ([name = "", password]) => {
        const response = await new TestBrowser(app).signIn(name, password);
        assert.equal(response.status, 400);
        return (await response.text()).replace(/value="[^"]*"/g, "");
      }),
    );
    assert.equal(texts[0], texts[1]);
    assert.match(texts[0] ?? "", /credentials/);
  });

  it("too many tries lock the name for longer and longer, and a restart or the end of the time opens it", async () => {
    const { test, app } = await openHouse();
    const browser = new TestBrowser(app);
    for (let i = 0; i < 6; i++)
      assert.equal((await browser.signIn("olga", "wrong password")).status, 400);
    assert.equal((await browser.signIn("olga")).status, 429, "the right password does not help");
    assert.equal((await browser.signIn("carl")).status, 429, "nor another name from this address");
    test.monotonicMs += 30_000;
    assert.equal((await browser.signIn("olga", "wrong password")).status, 400);
    test.monotonicMs += 30_000;
    assert.equal((await browser.signIn("olga")).status, 429, "twice as long");
    test.monotonicMs += 30_000;
    assert.equal((await browser.signIn("olga")).status, 303);
  });

  it("many tries at once are counted like one after the other", async () => {
    const { app } = await openHouse();
    const browser = new TestBrowser(app);
    const token = await browser.tokenOf("/sign-in");
    const tries = Array.from({ length: 12 }, (_, i) =>
      browser.post("/sign-in", { token, name: "olga", password: `guess number ${i}` }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 400).length, 6);
    assert.equal(statuses.filter((status) => status === 429).length, 6);
  });

  it("an address that many people share is not locked by what they mistyped on other days", async () => {
    const { test, app } = await openHouse();
    for (let day = 0; day < 8; day++) {
      const browser = new TestBrowser(app);
      assert.equal((await browser.signIn("olga", "wrong password")).status, 400, `day ${day}`);
      assert.equal((await browser.signIn("olga")).status, 303, `day ${day}`);
      test.monotonicMs += 24 * 3_600_000;
    }
  });

  it("a form of another site, without its token, or with that of another browser is refused", async () => {
    const { app } = await openHouse();
    const browser = new TestBrowser(app);
    const token = await browser.tokenOf("/sign-in");
    const form = { token, name: "olga", password: "password of olga" };
    const refused: [Record<string, string>, Record<string, string>][] = [
      [form, { origin: "http://evil.example" }],
      [form, { origin: "null" }],
      [form, { "sec-fetch-site": "cross-site" }],
      [{ ...form, token: "" }, {}],
      [{ ...form, token: await new TestBrowser(app).tokenOf("/sign-in") }, {}],
    ];
    for (const [fields, headers] of refused) {
      const response = await browser.post("/sign-in", fields, headers);
      assert.equal(response.status, 403);
      assert.match(await response.text(), /cross-site/);
    }
    assert.equal((await browser.post("/sign-in", form)).status, 303);
  });

  it("leads back to the page that was asked for, never to another site", async () => {
    const { app } = await openHouse();
    for (const [next, to] of [
      ["/bills?page=2", "/bills?page=2"],
      ["//evil.example", "/"],
      ["https://evil.example", "/"],
      ["/\\evil.example", "/"],
    ] as const) {
      const browser = new TestBrowser(app);
      const token = await browser.tokenOf("/sign-in");
      const form = { token, name: "olga", password: "password of olga", next };
      assert.equal((await browser.post("/sign-in", form)).headers.get("location"), to);
    }
  });

  it("ends by signing out, by time, by a new password and with the user", async () => {
    const { test, app } = await openHouse();
    const browser = new TestBrowser(app);
    const other = new TestBrowser(app);
    await browser.signIn("olga");
    await other.signIn("olga");
    const form = {
      token: await browser.tokenOf("/account"),
      old: "password of olga",
      password: "another password",
    };
    assert.equal((await browser.post("/account", { ...form, old: "wrong password" })).status, 400);
    assert.equal((await browser.post("/account", { ...form, password: "short" })).status, 400);
    assert.equal((await browser.post("/account", form)).status, 303);
    assert.equal((await browser.get("/alarms")).status, 200, "the own session goes on");
    assert.equal((await other.get("/alarms")).status, 303, "every other one has ended");
    const token = await browser.tokenOf("/account");
    const kept = browser.cookies.get("wattproof_session") ?? "";
    assert.equal((await browser.post("/sign-out", { token })).status, 303);
    assert.equal((await browser.get("/alarms")).status, 303);
    browser.cookies.set("wattproof_session", kept);
    assert.equal((await browser.get("/alarms")).status, 303, "a copy of a session that has ended");
    assert.equal((await browser.signIn("olga", "another password")).status, 303);
    test.now += 12 * 3600;
    assert.equal((await browser.get("/alarms")).status, 303, "after twelve hours");
    test.now -= 12 * 3600;
    assert.equal((await browser.get("/alarms")).status, 200);
    test.users.dropUser("olga");
    assert.equal((await browser.get("/alarms")).status, 303);
  });

  it("a cookie that was changed is none", async () => {
    const { app } = await openHouse();
    const browser = new TestBrowser(app);
    await browser.signIn("carl");
    const cookie = browser.cookies.get("wattproof_session") ?? "";
    const [body = "", mac = ""] = cookie.split(".");
    const session = JSON.parse(Buffer.from(body, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...session, user: "olga" })).toString("base64url");
    for (const value of [`${forged}.${mac}`, body, `${body}.`, `.${mac}`, "x.y.z", ""]) {
      browser.cookies.set("wattproof_session", value);
      assert.equal((await browser.get("/meters/352522395")).status, 303, value);
    }
  });
});

describe("the first start", () => {
  it("has no password: the printed link makes the operator, once", async () => {
    const test = new TestGate();
    const browser = new TestBrowser(createTestPortal(VILLAGE, { gate: test.gate }));
    assert.equal((await browser.get("/")).status, 401);
    assert.equal((await browser.get("/set-up?key=wrong")).status, 403);
    const link = test.gate.setUpPath() ?? "";
    const key = new URLSearchParams(link.split("?")[1]).get("key") ?? "";
    const form = {
      token: await browser.tokenOf(link),
      key,
      name: "olga",
      password: "a long password",
    };
    assert.equal((await browser.post("/set-up", { ...form, key: "wrong" })).status, 403);
    assert.equal((await browser.post("/set-up", { ...form, password: "short" })).status, 400);
    assert.equal((await browser.post("/set-up", form)).status, 303);
    assert.equal((await browser.get("/alarms")).status, 200, "and is signed in");
    assert.equal(test.gate.setUpPath(), undefined);
    assert.equal((await browser.get(link)).status, 403);
    assert.equal((await browser.post("/set-up", form)).status, 403);
  });

  it("other writes are not taken, and forms are small", async () => {
    const { app } = await openHouse();
    const browser = new TestBrowser(app);
    assert.equal((await browser.post("/bills", {})).status, 405);
    const large = { token: "x", name: "y".repeat(17_000), password: "z" };
    assert.equal((await browser.post("/sign-in", large)).status, 413);
    assert.equal(
      (await browser.post("/sign-in", {}, { "content-type": "application/json" })).status,
      400,
    );
  });
});
