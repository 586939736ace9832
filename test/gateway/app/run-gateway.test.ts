// A gateway's process as a whole: what ends it, what does not, and by which names its portal is called.
import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import Database from "better-sqlite3";
import { lockStore } from "../../../gateway/app/store-lock.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { type LiveGateway, startLiveGateway } from "../../support/live-gateway.ts";
import { waitFor } from "../../support/wait.ts";

function addressOf(gateway: LiveGateway, what: "mqtt" | "portal"): URL {
  const ready = gateway.events.findLast(({ event }) => event === "ready");
  return new URL(String(ready?.[what]));
}

test("no control request closes the store of a gateway that runs", async (t) => {
  const gateway = await startLiveGateway(t);
  await assert.rejects(gateway.ask("stop"), (error) => isCoded(error, "control"));
  const meter = await gateway.enrol("352522395");
  await gateway.publish(gateway.topic(meter.id), meter.sealDay().envelope);
  await waitFor("the day's receipt", () => gateway.receipts.get(meter.id)?.length === 1);
});

test("a store that cannot be written at the end keeps neither lock nor port", async (t) => {
  const gateway = await startLiveGateway(t);
  const meter = await gateway.enrol("352522395");
  const db = new Database(gateway.folder.store);
  db.exec("DROP TABLE vault_counter");
  db.close();
  await gateway.publish(gateway.topic(meter.id), "no record");
  await waitFor("the refusal", () => gateway.replies.length === 1);
  const { hostname, port } = addressOf(gateway, "mqtt");
  await gateway.stop().catch(() => undefined);
  lockStore(gateway.folder.root).release();
  const socket = connect(Number(port), hostname);
  const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
  assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
});

test("the portal answers to its configured names and to no other", async (t) => {
  const gateway = await startLiveGateway(t, { portal_names: "Meters.example,[fd00::1]" });
  const { hostname, port } = addressOf(gateway, "portal");
  const statusFor = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request({ hostname, port, headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once("error", reject);
      asked.end();
    });
  assert.equal(await statusFor(`meters.example:${port}`), 200);
  assert.equal(await statusFor(`[fd00::1]:${port}`), 200);
  assert.equal(await statusFor(`localhost:${port}`), 200);
  assert.equal(await statusFor(`evil.example:${port}`), 421);
});

test("a page that fails is reported", async (t) => {
  const gateway = await startLiveGateway(t);
  const db = new Database(gateway.folder.store);
  db.exec("DROP TABLE vault_counter");
  db.close();
  const answer = await fetch(new URL("/alarms", addressOf(gateway, "portal")));
  assert.equal(answer.status, 500);
  assert.ok(gateway.events.some(({ event }) => event === "portal-failed"));
});
