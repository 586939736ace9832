/** Receipts one by one: each part of the proof is needed, and a refused one leaves the journal as it was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSeen, storeEnrolment } from "../../../device/journal/outbox-store.ts";
import { acceptReceipt, type ReceiptOutcome } from "../../../device/uplink/accept-receipt.ts";
import { createTrust } from "../../../device/uplink/trust.ts";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { netOf } from "../../../shared/message/topic.ts";
import { computeLeaf } from "../../../shared/record/record.ts";
import { codeOf } from "../../support/code-of.ts";
import { BENCH_METER, MeterBench } from "../../support/meter-bench.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

/** A meter with `count` sealed days and the chain that it is enrolled in. */
function start(count: number) {
  const chain = new SampleChain(nobleSuite);
  const bench = new MeterBench({ zone: "Etc/UTC", step: 0 });
  const place = { ...chain.createMeter(BENCH_METER), key: bench.key };
  const enrol = chain.enrol(place);
  chain.append([enrol], START);
  const leaf = encodeBase64url(computeLeaf(nobleSuite, enrol));
  const recipients = [{ kid: chain.utility.kid, key: chain.utility.jwk.x }];
  bench.utility = chain.utility;
  bench.journal.transact("test", () =>
    storeEnrolment(bench.journal, { leaf, position: 1, recipients }),
  );
  for (let i = 0; i < count; i++) {
    const from = START + i * DAY_S;
    bench.addRow({ from, to: from + DAY_S, wh: 10 });
  }
  bench.sampler.advance((START + count * DAY_S) * 1000, 0);
  bench.close();
  while (bench.seal() !== undefined);
  const trust = createTrust(nobleSuite, {
    v: 1,
    chain: chain.chainId,
    genesis: chain.genesisLine,
    net: netOf(chain.chainId),
    zone: "000",
    meter: BENCH_METER,
    salt: encodeBase64url(place.salt),
    token: encodeBase64url(place.salt),
    broker: "mqtt://127.0.0.1",
    time_zone: "Etc/UTC",
  });
  const { journal } = bench;
  const accept = (text: string, now = START): ReceiptOutcome =>
    acceptReceipt({ journal, suite: nobleSuite, trust, now }, text);
  /** Logs these of the meter's records in one block. */
  const log = (...seqs: number[]): void => {
    const lines = bench.envelopes().map(({ seq, envelope }) => [seq, envelope] as const);
    const chosen = lines.filter(([seq]) => seqs.includes(seq));
    const records = chosen.map(([, envelope]) => envelope.split("\n")[0] ?? "");
    chain.append(records, START + Math.max(...seqs) * DAY_S);
  };
  return { chain, bench, accept, log };
}

const flip = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

test("receipts of one block lead from the size before it; the next from the one seen", () => {
  const { chain, bench, accept, log } = start(4);
  log(1, 2);
  assert.equal(accept(chain.receipt(2, 0)).kind, "archived");
  assert.equal(accept(chain.receipt(3, 0)).kind, "archived", "same checkpoint");
  log(3, 4);
  assert.deepEqual(accept(chain.receipt(4, 0)), { kind: "old", seq: 3 });
  assert.equal(accept(chain.receipt(4, 4)).kind, "archived");
  assert.equal(accept(chain.receipt(5, 4)).kind, "archived");
  assert.equal(accept(chain.receipt(5, 4)).kind, "repeated");
  assert.deepEqual(bench.envelopes(), []);
  assert.deepEqual(
    loadSeen(bench.journal).map(({ size }) => size),
    [4, 6],
  );
});

test("every line of a receipt counts: changed, left out or added, it frees nothing", () => {
  const { chain, bench, accept, log } = start(3);
  log(1);
  accept(chain.receipt(2, 0));
  log(2, 3);
  const text = chain.receipt(3, 3);
  const before = bench.envelopes();
  const lines = text.split("\n");
  let refused = 0;
  const refuse = (forged: string): void => {
    let code: string;
    try {
      code = accept(forged).kind;
    } catch {
      code = codeOf(() => accept(forged));
    }
    assert.notEqual(code, "archived", forged);
    refused += 1;
    assert.deepEqual(bench.envelopes(), before);
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    refuse([...lines.slice(0, i), ...lines.slice(i + 1)].join("\n"));
    if (line !== "")
      refuse([...lines.slice(0, i), flip(line, 5), ...lines.slice(i + 1)].join("\n"));
    // A signature that is there twice is one signature (signed notes).
    if (line.startsWith("\u2014")) continue;
    refuse([...lines.slice(0, i), line, ...lines.slice(i)].join("\n"));
  }
  assert.ok(refused > 20);
  assert.equal(accept(text).kind, "archived");
});

test("a false consistency proof is refused with `proof`, a false signature with `checkpoint`", () => {
  const { chain, bench, accept, log } = start(2);
  log(1);
  accept(chain.receipt(2, 0));
  log(2);
  const text = chain.receipt(3, 3);
  assert.equal(
    codeOf(() => accept(flip(text, text.indexOf("\n") + 3))),
    "proof",
  );
  assert.equal(
    codeOf(() => accept(flip(text, text.length - 20))),
    "checkpoint",
  );
  assert.equal(
    codeOf(() => accept(chain.receipt(1, 3))),
    "proof",
    "another record's receipt",
  );
  assert.equal(bench.envelopes().length, 1);
});

test("the archive keeps receipts for 400 days", () => {
  const { chain, bench, accept, log } = start(2);
  log(1);
  accept(chain.receipt(2, 0), START);
  log(2);
  accept(chain.receipt(3, 3), START + 401 * DAY_S);
  assert.deepEqual(
    bench.journal.all<{ seq: number }>("SELECT seq FROM receipt").map(({ seq }) => seq),
    [2],
  );
});

test("a fault around the commit leaves the envelope or its receipt, never neither", () => {
  for (const when of ["beforeCommit", "afterCommit"] as const) {
    const { chain, bench, log, accept } = start(1);
    log(1);
    bench.faults = {
      [when]: (name: string) => {
        if (name === "receipt") throw new Error("power cut");
      },
    };
    assert.throws(() => accept(chain.receipt(2, 0)), /power cut/);
    const waiting = bench.envelopes().length;
    const kept = bench.journal.all("SELECT seq FROM receipt").length;
    assert.deepEqual([waiting, kept], when === "beforeCommit" ? [1, 0] : [0, 1]);
  }
});
