/** What meters say besides their records: told apart by topic, acknowledged, and never taken for an envelope. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSideTopics } from "../../../gateway/app/side-topics.ts";

const METER = "352522395";

function makeDesk() {
  const said: string[] = [];
  const take = createSideTopics({
    ...{ net: "abababab", zone: "352", knows: (meter) => meter === METER },
    acknowledge: (epoch, ids) => said.push(`ack ${epoch} ${ids}`),
    onLive: (meter, { payload }) => said.push(`live ${meter} ${payload.byteLength}`),
    onPresence: (meter, online) => said.push(`${meter} ${online ? "online" : "offline"}`),
  });
  const send = (topic: string, text = "", packetId = 0): boolean => {
    const payload = Buffer.from(text);
    return take({ topic, payload, retain: false, packetId, epoch: 3 });
  };
  return { said, send };
}

test("status and live are taken, acknowledged where that is owed, and handed on", () => {
  const { said, send } = makeDesk();
  const base = `wattproof/abababab/352/${METER}`;
  assert.equal(send(`${base}/status`, '{"state":"online"}', 7), true);
  assert.equal(send(`${base}/status`, '{"state":"offline"}'), true);
  assert.equal(send(`${base}/live`, "12345"), true);
  assert.deepEqual(said, ["ack 3 7", `${METER} online`, `${METER} offline`, `live ${METER} 5`]);
});

test("a stranger's status and one that is too long are heard by nobody, but acknowledged", () => {
  const { said, send } = makeDesk();
  assert.equal(send("wattproof/abababab/352/352522396/status", "online", 8), true);
  assert.equal(send(`wattproof/abababab/352/${METER}/status`, "online".padEnd(2000), 9), true);
  assert.deepEqual(said, ["ack 3 8", "ack 3 9"]);
});

test("everything else is left to the intake of envelopes", () => {
  const { said, send } = makeDesk();
  for (const topic of [
    `wattproof/abababab/352/${METER}/envelope`,
    `wattproof/abababab/352/${METER}/seen`,
    `wattproof/abababab/353/${METER}/live`,
    `wattproof/cdcdcdcd/352/${METER}/live`,
    `wattproof/abababab/352/${METER}/live/envelope`,
    `wattproof/abababab/352/${METER}/live/x`,
    `wattproof/abababab/352/3525/live`,
  ]) {
    assert.equal(send(topic, "x", 1), false, topic);
  }
  assert.deepEqual(said, []);
});
