/** The uplink against a scripted gateway on real brokers: only a verified receipt empties the outbox. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadAlarms } from "../../../device/journal/alarm-store.ts";
import { loadSeen } from "../../../device/journal/outbox-store.ts";
import { acceptReply } from "../../../device/uplink/accept-reply.ts";
import { spreadDelay } from "../../../device/uplink/spread-delay.ts";
import { createTrust } from "../../../device/uplink/trust.ts";
import { GATEWAY_USER, startEmbeddedBroker } from "../../../gateway/broker/embedded-broker.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { signReply } from "../../../shared/message/reply.ts";
import { testWithBrokers } from "../../support/brokers.ts";
import { START } from "../../support/sample-chain.ts";
import { UplinkBench } from "../../support/uplink-bench.ts";
import { waitFor } from "../../support/wait.ts";

testWithBrokers(
  "days measured before the enrolment are sealed and sent once it is known",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    bench.measure(5);
    bench.sealAll();
    assert.deepEqual(bench.waiting, []);
    bench.uplink.start();
    await waitFor("a connection", () => bench.count("online") === 1);
    await bench.admit();
    await waitFor("five replies", () => bench.count("reply") === 5);
    assert.deepEqual(
      gateway.received.map(({ seq }) => seq),
      [1, 2, 3, 4, 5],
    );
    assert.deepEqual(bench.waiting, [1, 2, 3, 4, 5], "held frees nothing");
    await gateway.mine();
    await waitFor("an empty outbox", () => bench.waiting.length === 0);
    assert.deepEqual(bench.receipts, [1, 2, 3, 4, 5]);
    assert.deepEqual(gateway.logged, [1, 2, 3, 4, 5]);
    assert.equal(loadSeen(bench.meter.journal).at(-1)?.size, gateway.chain.leaves.length);
    await waitFor("a status", () => gateway.statuses.some((s) => s.includes('"state":"online"')));
    await bench.uplink.stop();
    await waitFor("a goodbye", () => gateway.statuses.at(-1)?.includes('"offline"') ?? false);
    bench.meter.check();
  },
);

testWithBrokers(
  "a lost receipt, a restart, a second block: all end in the log once",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    bench.uplink.start();
    bench.measure(2);
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.sealAll();
    await waitFor("replies", () => bench.count("reply") === 2);
    gateway.script = { receipts: () => [] };
    await gateway.mine();
    gateway.script = {};
    await bench.restart();
    await waitFor("receipts asked for again", () => bench.waiting.length === 0);
    bench.measure(3);
    bench.sealAll();
    await waitFor("more replies", () => gateway.received.some(({ seq }) => seq === 5));
    await waitFor("holding", () => bench.count("reply") >= 5);
    await gateway.mine();
    await waitFor("an empty outbox", () => bench.waiting.length === 0);
    assert.deepEqual(gateway.logged, [1, 2, 3, 4, 5]);
    const texts = new Set(gateway.received.map(({ seq, text }) => `${seq} ${text}`));
    assert.equal(texts.size, 5, "what is sent again is the same bytes");
  },
);

testWithBrokers("forged receipts free nothing; the true one does", async (t, broker) => {
  const bench = await UplinkBench.start(t, broker);
  const { gateway } = bench;
  await bench.admit();
  bench.uplink.start();
  await waitFor("an enrolment", () => bench.count("enrolled") === 1);
  bench.measure(1);
  bench.sealAll();
  await waitFor("a reply", () => bench.count("reply") === 1);
  const forgeries = (text: string): string[] => {
    const proof = text.split("index ")[1]?.split("\n") ?? [];
    const hash = proof[1] ?? "";
    const signature = text.trimEnd().slice(-30);
    return [
      "",
      "nonsense",
      text.replace("index 2", "index 1"),
      text.replace(
        hash,
        hash.replace(/^./, (c) => (c === "A" ? "B" : "A")),
      ),
      text.replace(
        signature,
        signature.replace(/[a-z]/, (c) => (c === "a" ? "b" : "a")),
      ),
      text.replace("gw-1", "gw-2"),
      text.replace("old 0", "old 1"),
      gateway.chain.receipt(1, 0),
    ];
  };
  let count = 0;
  gateway.script = {
    receipts: (text) => {
      const list = forgeries(text);
      count = list.length;
      return list;
    },
  };
  await gateway.mine();
  // The one that leads from another size is not false, only of no use: it is asked for again.
  await waitFor("rejections", () => bench.count("rejected") >= count - 1);
  assert.deepEqual(bench.waiting, [1]);
  assert.deepEqual(bench.receipts, []);
  const codes = bench.events.flatMap((e) => (e.event === "rejected" ? [e.code] : []));
  assert.deepEqual([...new Set(codes)].sort(), ["checkpoint", "proof", "receipt"]);
  gateway.script = {};
  await gateway.sendReceipts();
  await waitFor("the true receipt", () => bench.waiting.length === 0);
});

testWithBrokers(
  "lost and reordered envelopes: the gateway asks, the meter sends from there",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    gateway.script = {
      verdict: ({ seq }, times) => (seq === 2 && times < 1 ? "silent" : undefined),
    };
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(6);
    bench.sealAll();
    await waitFor("all held", () => {
      const held = bench.meter.journal.get<{ n: number }>(
        "SELECT count(*) AS n FROM outbox WHERE answer = 'held'",
      );
      return held?.n === 6;
    });
    assert.ok(bench.events.some((e) => e.event === "reply" && e.code === "resend"));
    await gateway.mine();
    await waitFor("an empty outbox", () => bench.waiting.length === 0);
    assert.deepEqual(gateway.logged, [1, 2, 3, 4, 5, 6]);
  },
);

testWithBrokers(
  "replies by others, of other chains or about other records change nothing",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    gateway.script = { verdict: () => "silent" };
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(1);
    bench.sealAll();
    await waitFor("an envelope", () => gateway.received.length > 0);
    const { key } = bench.meter;
    const leaf = bench.meter.envelopes()[0]?.leaf ?? "";
    const truth = { chain: gateway.chain.chainId, leaf, code: "frozen" as const, at: START };
    const gatewayKey = gateway.chain.gatewayKey();
    const texts = [
      signReply(nobleSuite, gatewayKey, { ...truth, leaf: "A".repeat(43) }),
      signReply(nobleSuite, gatewayKey, { ...truth, chain: "A".repeat(43) }),
      signReply(nobleSuite, key, truth),
      signReply(nobleSuite, { ...key, kid: gatewayKey.kid }, truth),
      "eyJ.eyJ.sig",
    ];
    for (const text of texts) await gateway.publish("reply", text);
    await waitFor("rejections", () => bench.count("rejected") === texts.length);
    const codes = bench.events.flatMap((e) => (e.event === "rejected" ? [e.code] : []));
    assert.deepEqual(codes, ["reply", "chain", "reply", "reply", "form"]);
    assert.deepEqual(loadAlarms(bench.meter.journal), []);
  },
);

testWithBrokers(
  "a refusal raises an alarm and holds back what follows, until it passes",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    let refusing = true;
    gateway.script = {
      verdict: ({ seq }) => (refusing && seq === 1 ? "refused-period" : undefined),
    };
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(1);
    bench.sealAll();
    await waitFor("an alarm", () => bench.count("alarm") === 1);
    assert.deepEqual(
      loadAlarms(bench.meter.journal).map(({ code, note, seq }) => [code, note, seq]),
      [["refused", "period", 1]],
    );
    bench.measure(2);
    bench.sealAll();
    await waitFor("a repetition", () => gateway.received.length >= 3);
    assert.ok(gateway.received.every(({ seq }) => seq === 1));
    refusing = false;
    await waitFor("all sent", () => gateway.received.some(({ seq }) => seq === 3));
    await waitFor("held", async () => {
      await gateway.mine();
      return bench.waiting.length === 0;
    });
    assert.deepEqual(loadAlarms(bench.meter.journal), []);
  },
);

testWithBrokers(
  "a frozen key: the alarm stays, nothing is sealed or sent, measuring goes on",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    gateway.script = { verdict: () => "frozen" };
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(1);
    bench.sealAll();
    await waitFor("an alarm", () => bench.count("alarm") === 1);
    await bench.restart();
    bench.measure(2);
    bench.sealAll();
    await waitFor("a connection", () => bench.count("online") === 2);
    assert.equal(loadAlarms(bench.meter.journal)[0]?.code, "frozen");
    assert.deepEqual(bench.waiting, [1]);
    assert.equal(bench.meter.days().length, 3);
  },
);

testWithBrokers(
  "a gateway that shows two logs is caught by its own signatures",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(2);
    bench.sealAll();
    await waitFor("replies", () => bench.count("reply") === 2);
    // The second receipt is under another tree of the same size: its neighbour is another record.
    const { chain } = gateway;
    gateway.script = {
      receipts: (text, { seq }) => {
        if (seq === 1) return [text];
        const kept = chain.leaves.slice();
        chain.leaves[2] = nobleSuite.sha256(Uint8Array.of(1));
        const forked = chain.receipt(3, 0);
        chain.leaves.splice(0, kept.length, ...kept);
        return [forked];
      },
    };
    await gateway.mine();
    await waitFor("an alarm", () => bench.count("alarm") === 1);
    assert.equal(loadAlarms(bench.meter.journal)[0]?.code, "fork");
    assert.deepEqual(bench.waiting, [2]);
  },
);

testWithBrokers("a restored journal is noticed before it is believed", async (t, broker) => {
  const bench = await UplinkBench.start(t, broker);
  const { gateway } = bench;
  await bench.admit();
  bench.uplink.start();
  await waitFor("an enrolment", () => bench.count("enrolled") === 1);
  bench.measure(2);
  bench.sealAll();
  await waitFor("replies", () => bench.count("reply") === 2);
  const [first, second] = bench.meter.envelopes();
  const { journal } = bench.meter;
  journal.transact("test", () => {
    journal.run("DELETE FROM outbox WHERE seq = 2");
    journal.writeState("chain", { seq: 1, leaf: first?.leaf ?? "" });
  });
  await gateway.reply(first?.leaf ?? "", "duplicate", {
    last: second?.envelope.split("\n")[0] ?? "",
  });
  await waitFor("an alarm", () => bench.count("alarm") === 1);
  assert.equal(loadAlarms(journal)[0]?.code, "restored");
  bench.measure(1);
  bench.sealAll();
  assert.deepEqual(bench.waiting, [1]);
});

testWithBrokers(
  "a journal restored from an old copy signs nothing once the broker has shown what it keeps",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    await bench.admit();
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    const { journal } = bench.meter;
    const state = () => journal.all<{ key: string; value: string }>("SELECT * FROM state");
    const old = state();
    bench.measure(1);
    bench.sealAll();
    await waitFor("a reply", () => bench.count("reply") === 1);
    await gateway.mine();
    await waitFor("an empty outbox", () => bench.waiting.length === 0);
    const size = loadSeen(journal).at(-1)?.size;
    await waitFor("what was seen", () => gateway.seen === size);
    journal.transact("test", () => {
      for (const table of ["state", "receipt", "day"]) journal.run(`DELETE FROM ${table}`);
      for (const { key, value } of old) {
        journal.run("INSERT INTO state (key, value) VALUES (?, ?)", key, value);
      }
    });
    bench.contactWaitMs = 60_000;
    await bench.restart();
    assert.equal(bench.guard?.maySeal, false, "not before the broker has been asked");
    await waitFor("an alarm", () => loadAlarms(bench.meter.journal)[0]?.code === "older");
    assert.equal(bench.guard?.maySeal, false);
    assert.equal(gateway.seen, size, "what a newer journal has seen is not published over");
  },
);

testWithBrokers("a journal that is not old signs after the first contact", async (t, broker) => {
  const bench = await UplinkBench.start(t, broker);
  bench.contactWaitMs = 60_000;
  await bench.restart();
  await waitFor("a comparison", () => bench.guard?.maySeal === true);
  assert.deepEqual(loadAlarms(bench.meter.journal), []);
});

test("a broker that dies and comes back: new connections, and nothing is lost", async (t) => {
  const options = { host: "127.0.0.1", gatewayPassword: "test" };
  let aedes = await startEmbeddedBroker({ ...options, port: 0 });
  t.after(() => aedes.close());
  const { port } = aedes;
  const url = `mqtt://127.0.0.1:${port}`;
  const gateway = { username: GATEWAY_USER, password: "test" };
  const bench = await UplinkBench.start(t, { url, gateway });
  await bench.admit();
  bench.uplink.start();
  await waitFor("an enrolment", () => bench.count("enrolled") === 1);
  for (let round = 1; round <= 3; round++) {
    bench.measure(2);
    await aedes.close();
    bench.sealAll();
    aedes = await startEmbeddedBroker({ ...options, port });
    await waitFor("a new connection", () => bench.count("online") > round);
    await waitFor("an empty outbox", async () => {
      await bench.gateway.mine();
      return bench.waiting.length === 0;
    });
  }
  assert.deepEqual(bench.gateway.logged, [1, 2, 3, 4, 5, 6]);
});

test("meters publish at different places of the window, each at its own", () => {
  const places = ["000000001", "000000002", "000000003"].map((meter) =>
    spreadDelay(nobleSuite, meter, 600_000),
  );
  assert.equal(new Set(places).size, 3);
  assert.ok(places.every((ms) => ms >= 0 && ms < 600_000));
  assert.equal(spreadDelay(nobleSuite, "000000001", 600_000), places[0]);
  assert.equal(spreadDelay(nobleSuite, "000000001", 0), 0);
});

testWithBrokers(
  "the gateway asks for what is gone: an alarm, until what comes after it is in the log",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway, meter } = bench;
    await bench.admit();
    const mined = (count: number) => async (): Promise<boolean> => {
      await gateway.mine();
      return bench.receipts.length === count;
    };
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(1);
    bench.sealAll();
    await waitFor("a receipt", mined(1));
    gateway.script = { verdict: () => "silent" };
    bench.measure(1);
    bench.sealAll();
    const [row] = meter.envelopes();
    const { chainId: chain } = gateway.chain;
    const leaf = row?.leaf ?? "";
    const ask = { chain, leaf, code: "resend" as const, at: START, want: 1 };
    const text = signReply(nobleSuite, gateway.chain.gatewayKey(), ask);
    const context = {
      journal: meter.journal,
      suite: nobleSuite,
      trust: createTrust(nobleSuite, gateway.join),
      key: meter.key,
      now: START,
    };
    assert.equal(acceptReply(context, text).alarm, "gap");
    assert.deepEqual(
      loadAlarms(meter.journal).map(({ code, seq }) => [code, seq]),
      [["gap", 2]],
    );
    gateway.script = {};
    await waitFor("another receipt", mined(2));
    assert.deepEqual(loadAlarms(meter.journal), []);
  },
);

testWithBrokers(
  "a revoked meter says so, stops for good and keeps what it has; a forged revocation does nothing",
  async (t, broker) => {
    const bench = await UplinkBench.start(t, broker);
    const { gateway } = bench;
    const { chain } = gateway;
    await bench.admit();
    bench.uplink.start();
    await waitFor("an enrolment", () => bench.count("enrolled") === 1);
    bench.measure(1);
    bench.sealAll();
    await waitFor("a reply", () => bench.count("reply") === 1);
    const { kid } = bench.meter.key;
    const registrar = chain.member(0).key;
    const record = chain.sign(registrar, "revoke", { kid, last: 0, reason: "stolen" });
    const position = chain.leaves.length;
    chain.append([record], START);
    const receipt = chain.receipt(position);
    await gateway.publishConfig([{ record, receipt: chain.receipt(1) }]);
    await gateway.publishConfig([]);
    await waitFor("a rejection", () => bench.count("rejected") === 1);
    assert.deepEqual(loadAlarms(bench.meter.journal), []);

    await gateway.publishConfig([{ record, receipt }]);
    await waitFor("an alarm", () => bench.count("alarm") === 1);
    await waitFor("the end", () => bench.events.at(-1)?.event === "offline");
    await waitFor("a goodbye", () => gateway.statuses.at(-1)?.includes('"offline"') ?? false);
    const said = bench.events.find((one) => one.event === "alarm");
    const words = `record ${position} of the log ends this key after its record 0 (stolen)`;
    assert.deepEqual(said, { event: "alarm", code: "revoked", detail: words });
    bench.measure(2);
    bench.sealAll();
    assert.deepEqual(bench.waiting, [1], "what it has is kept, nothing more is sealed");

    const [sent, online] = [gateway.received.length, bench.count("online")];
    await bench.restart();
    await waitFor("its word", () => bench.count("offline") >= 2);
    bench.uplink.wake({ seq: 1, delayMs: 0 });
    assert.deepEqual([gateway.received.length, bench.count("online")], [sent, online]);
    assert.deepEqual(bench.waiting, [1]);
  },
);
