/** `/events` behind the portal: every role, tokens and sessions, the end of a session, a socket that does not read. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { Hono } from "hono";
import type { LiveReader } from "../../../../gateway/live/live-values.ts";
import type { Role } from "../../../../gateway/web/access/role.ts";
import { EventHub, type EventHubOptions } from "../../../../gateway/web/live/event-hub.ts";
import { startPortal } from "../../../../gateway/web/portal.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { StreamReader } from "../../../support/stream-reader.ts";
import { TestBrowser, TestGate } from "../../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../../support/test-portal.ts";
import { waitFor } from "../../../support/wait.ts";

const OTHER = "352522712";
const ASKED = `/events?meters=${FIRST_METER},${OTHER}`;

function openHouse(t: TestContext, changes: Partial<EventHubOptions> = {}) {
  const test = new TestGate();
  const model = createFakeReadModel({ meters: 3 });
  const live: LiveReader = {
    newest: (meter) => ({ meter, atSeconds: 1, ageMs: 5, powerMilliWatt: Number(meter) }),
  };
  const events = new EventHub({
    ...{ overview: () => model.overview(), live, run: "r", tickMs: 5, heartbeatTicks: 2 },
    ...changes,
  });
  t.after(() => events.close());
  const app = createTestPortal({ meters: 3 }, { gate: test.gate, live, events });
  return { test, app, events };
}

function listen(response: Response): StreamReader {
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(response.headers.get("cache-control"), "private, no-store");
  assert.match(response.headers.get("content-security-policy") ?? "", /^default-src 'none'/);
  return new StreamReader(response.body as ReadableStream<Uint8Array>);
}

const askWith = (app: Hono, token: string, path = ASKED): Promise<Response> =>
  Promise.resolve(app.request(path, { headers: { authorization: `Bearer ${token}` } }));

/** Meters whose values a stream has told. */
function metersOf(reader: StreamReader): string[] {
  return reader
    .of("live")
    .flatMap(({ values }) => (values as { meter: string }[]).map(({ meter }) => meter));
}

describe("who may listen", () => {
  const expected: Readonly<Record<Exclude<Role, "metrics">, [meters: string[], alarms: boolean]>> =
    {
      operator: [[FIRST_METER, OTHER], true],
      auditor: [[], true],
      customer: [[FIRST_METER], false],
    };
  for (const [role, [meters, alarms]] of Object.entries(expected)) {
    it(`${role}: ${meters.length} of two meters, ${alarms ? "alarms" : "no alarms"}`, async (t) => {
      const { test, app } = openHouse(t);
      const token = test.addToken(`of ${role}`, role as Role, [FIRST_METER]);
      const reader = listen(await askWith(app, token));
      await waitFor("heartbeats", () => reader.heartbeats > 2);
      assert.deepEqual(metersOf(reader), meters);
      assert.equal(reader.of("alarms").length > 0, alarms);
      assert.equal(reader.of("tip").length, 1, "the chain is everybody's");
      const newest = await askWith(app, token, `/api/v1/meters/${OTHER}/live`);
      const seesOther = role === "operator" ? 200 : role === "customer" ? 404 : 403;
      assert.equal(newest.status, seesOther);
    });
  }

  it("nobody and programs for metrics: refused as a program is, never led to a form", async (t) => {
    const { test, app } = openHouse(t);
    const nobody = await app.request(ASKED);
    assert.equal(nobody.status, 401);
    assert.equal(((await nobody.json()) as { code: string }).code, "signed-out");
    assert.equal((await askWith(app, test.addToken("m", "metrics"))).status, 403);
  });

  it("an address that is not of its form", async (t) => {
    const { test, app } = openHouse(t);
    const token = test.addToken("o", "operator");
    for (const meters of ["1", `${FIRST_METER},`, `${FIRST_METER} `, "x".repeat(2000)]) {
      const path = `/events?meters=${encodeURIComponent(meters)}`;
      assert.equal((await askWith(app, token, path)).status, 400, meters);
    }
    const many = Array.from({ length: 101 }, (_, i) => 352_000_000 + i).join();
    assert.equal((await askWith(app, token, `/events?meters=${many}`)).status, 400);
  });

  it("a portal without events has no such address", async () => {
    assert.equal((await createTestPortal().request("/events")).status, 404);
  });
});

describe("how a stream ends", () => {
  it("signing out ends the session's streams, and no other's", async (t) => {
    const { test, app } = openHouse(t);
    await test.addUser("olga", "operator");
    await test.addUser("carl", "customer", [FIRST_METER]);
    const [carl, olga] = [new TestBrowser(app), new TestBrowser(app)];
    await carl.signIn("carl");
    await olga.signIn("olga");
    const [his, hers] = [listen(await carl.get(ASKED)), listen(await olga.get(ASKED))];
    await his.hear("live");
    assert.deepEqual(metersOf(his), [FIRST_METER]);
    const token = await carl.tokenOf("/account");
    assert.equal((await carl.post("/sign-out", { token })).status, 303);
    await his.ended();
    await waitFor("her heartbeats", () => hers.heartbeats > 3);
    assert.equal(hers.state, "open");
  });

  it("a session that has run out, another password and a dropped token end it too", async (t) => {
    const { test, app } = openHouse(t);
    await test.addUser("carl", "customer", [FIRST_METER]);
    const carl = new TestBrowser(app);
    await carl.signIn("carl");
    const old = listen(await carl.get(ASKED));
    test.now += 13 * 3600;
    await old.ended();
    await carl.signIn("carl");
    const changed = listen(await carl.get(ASKED));
    await test.addUser("carl", "customer", [FIRST_METER]);
    await changed.ended();
    const program = listen(await askWith(app, test.addToken("p", "operator")));
    test.users.dropToken("p");
    await program.ended();
  });

  it("asking for the head alone opens none", async (t) => {
    const { test, app, events } = openHouse(t);
    const headers = { authorization: `Bearer ${test.addToken("h", "operator")}` };
    const { status } = await app.request(ASKED, { method: "HEAD", headers });
    assert.equal(status, 200);
    assert.equal(events.size, 0);
  });

  it("too many streams: 503 with its code", async (t) => {
    const { test, app } = openHouse(t, { maxStreamsOfOwner: 1 });
    const token = test.addToken("o", "operator");
    const first = listen(await askWith(app, token));
    const second = await askWith(app, token);
    assert.equal(second.status, 503);
    assert.equal(((await second.json()) as { code: string }).code, "busy");
    assert.equal(first.state, "open");
  });
});

describe("over a real socket", () => {
  it("a reader that leaves is forgotten at once", async (t) => {
    const { test, app, events } = openHouse(t);
    const portal = await startPortal({ app, port: 0 });
    t.after(() => portal.close());
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${test.addToken("o", "operator")}` };
    const response = await fetch(`${portal.url}${ASKED}`, { headers, signal: leaving.signal });
    assert.equal(response.status, 200);
    assert.equal(events.size, 1);
    leaving.abort();
    await waitFor("the hub to forget", () => events.size === 0);
  });

  it("a reader that stops reading is cut off; others go on; closing the portal ends all", async (t) => {
    const { test, app, events } = openHouse(t);
    const token = test.addToken("o", "operator");
    const portal = await startPortal({ app, port: 0 });
    const { port, host } = new URL(portal.url);
    const quick = listen(
      await fetch(`${portal.url}${ASKED}`, { headers: { authorization: `Bearer ${token}` } }),
    );
    const socket = connect(Number(port), "127.0.0.1");
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    const head = `GET ${ASKED} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    socket.write(head);
    await waitFor("both streams", () => events.size === 2);
    socket.pause();
    // More than the kernel, node and the hub hold for one socket; a value is as large as one can be.
    const voltageMilliVolt = Array.from({ length: 4000 }, (_, i) => i);
    for (let i = 0; events.size === 2; i++) {
      assert.ok(i < 5000, "the slow reader is still there");
      events.value({ meter: FIRST_METER, atSeconds: i, ageMs: 0, voltageMilliVolt });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    await closed;
    assert.equal(quick.state, "open");
    events.close();
    await portal.close();
    await quick.ended();
  });
});
