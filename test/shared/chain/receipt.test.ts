/** Receipts and checkpoints (records.md section 6, c2sp.org/tlog-proof, c2sp.org/tlog-checkpoint). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64url, encodeBase64 } from "../../../shared/base/bytes.ts";
import {
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from "../../../shared/chain/checkpoint.ts";
import {
  parseReceipt,
  type ReceiptTrust,
  type SeenRoot,
  verifyReceipt,
} from "../../../shared/chain/receipt.ts";
import { createNoteKey } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

function setUp(suite = nodeSuite, days = 20) {
  const chain = new SampleChain(suite, undefined, "receipt");
  const meter = chain.createMeter("352522395");
  const records = [chain.enrol(meter)];
  for (let i = 0; i < days; i++) {
    records.push(chain.day(meter, START + i * DAY_S, START + (i + 1) * DAY_S));
  }
  chain.append(records.slice(0, 12), START + 99 * DAY_S);
  chain.append(records.slice(12), START + 99 * DAY_S);
  const { name, note } = chain.member(0);
  assert.ok(note !== undefined);
  const trust = (...known: SeenRoot[]): ReceiptTrust => ({
    origin: chain.state.chain.origin,
    verifiers: [{ name, publicKey: note.publicKey }],
    threshold: 1,
    known,
  });
  const seen = (size: number): SeenRoot => ({
    size,
    root: parseCheckpoint(chain.checkpoint(size)).root,
  });
  const leaf = (index: number) => chain.leaves[index] as Uint8Array;
  return { chain, note, trust, seen, leaf };
}

for (const suite of [nodeSuite, nobleSuite]) {
  test(`receipts with old 0 and old n verify (${suite.name})`, () => {
    const { chain, trust, seen, leaf } = setUp(suite);
    const size = chain.leaves.length;
    for (const index of [0, 7, size - 1]) {
      verifyReceipt(suite, chain.receipt(index), leaf(index), trust());
      const later = verifyReceipt(suite, chain.receipt(index, 13), leaf(index), trust(seen(13)));
      assert.equal(later.checkpoint.size, size);
      // the second receipt of a block: the newest root is the checkpoint's already
      verifyReceipt(suite, chain.receipt(index, 13), leaf(index), trust(seen(13), seen(size)));
      verifyReceipt(suite, chain.receipt(index, size), leaf(index), trust(seen(size)));
    }
  });
}

test("a receipt that does not fit what the reader knows is refused", () => {
  const { chain, trust, seen, leaf } = setUp();
  const size = chain.leaves.length;
  const verify =
    (text: string, known: ReceiptTrust, index = 5) =>
    () =>
      verifyReceipt(nodeSuite, text, leaf(index), known);
  assert.equal(codeOf(verify(chain.receipt(5), trust(), 6)), "proof");
  assert.equal(codeOf(verify(chain.receipt(5), trust(seen(13)))), "receipt-old");
  assert.equal(codeOf(verify(chain.receipt(5, 12), trust(seen(13)))), "receipt-old");
  assert.equal(codeOf(verify(chain.receipt(5, 0, 13), trust(seen(size)))), "receipt-old");
  const forked = { size: 13, root: new Uint8Array(32).fill(9) };
  assert.equal(codeOf(verify(chain.receipt(5, 13), trust(forked))), "proof");
  const splitView = { size, root: new Uint8Array(32).fill(9) };
  assert.equal(codeOf(verify(chain.receipt(5, 13), trust(seen(13), splitView))), "proof");
  assert.equal(codeOf(verify(chain.receipt(5, size), trust(splitView))), "proof");
});

test("any one-byte change of a receipt is refused with a code (exhaustive)", () => {
  const { chain, trust, seen, leaf } = setUp();
  const text = chain.receipt(16, 13);
  const known = trust(seen(13));
  let refused = 0;
  for (let i = 0; i < text.length; i++) {
    for (const other of ["A", "1", "\n", " ", "="]) {
      if (text[i] === other) continue;
      const changed = text.slice(0, i) + other + text.slice(i + 1);
      assert.match(
        codeOf(() => verifyReceipt(nodeSuite, changed, leaf(16), known)),
        /^[a-z0-9-]+$/,
      );
      refused++;
    }
  }
  assert.ok(refused > 3_000);
  for (const changed of [
    `${text}\n`,
    text.slice(0, -1),
    ` ${text}`,
    text.replace("old", "new"),
    "",
  ]) {
    assert.match(
      codeOf(() => verifyReceipt(nodeSuite, changed, leaf(16), known)),
      /^(?:receipt|checkpoint|proof)$/,
    );
  }
  assert.equal(
    codeOf(() => parseReceipt("x".repeat(40_000))),
    "receipt",
  );
});

test("a checkpoint needs its log, its keys and enough of them", () => {
  const { chain, note, trust } = setUp();
  const { origin, verifiers } = trust();
  const good = chain.checkpoint();
  verifyCheckpoint(nodeSuite, good, { origin, verifiers, threshold: 1 });
  const refused = (text: string, change: object = {}) =>
    codeOf(() => verifyCheckpoint(nodeSuite, text, { origin, verifiers, threshold: 1, ...change }));
  assert.equal(refused(good, { origin: "other" }), "checkpoint");
  assert.equal(refused(good, { threshold: 2 }), "checkpoint");
  assert.equal(refused(good, { verifiers: [] }), "checkpoint");
  const stranger = createNoteKey(nodeSuite, "gw-1", chain.randomBytes);
  const parsed = parseCheckpoint(good);
  const byStranger = signCheckpoint(nodeSuite, stranger, parsed);
  assert.equal(refused(byStranger), "checkpoint");
  // a stranger's line beside a good one is passed over, as signed notes require
  const both = good + byStranger.slice(byStranger.indexOf("\n\n") + 2);
  assert.equal(parseCheckpoint(both).signatures.length, 2);
  verifyCheckpoint(nodeSuite, both, { origin, verifiers, threshold: 1 });
  // the same signature twice is one signer
  const twice = good + good.slice(good.indexOf("\n\n") + 2);
  assert.equal(refused(twice, { threshold: 2 }), "checkpoint");
  assert.equal(note.name, "gw-1");
  for (const text of [
    "",
    "a\n1\n",
    good.replace("\n2", "\n02"),
    good.replace("\n\n", "\nextra\n\n"),
  ]) {
    assert.equal(refused(text), "checkpoint");
  }
});

test("a checkpoint is the text that the format shows", () => {
  const { chain, note } = setUp();
  const root = decodeBase64url(chain.chainId);
  const text = signCheckpoint(nodeSuite, note, { origin: "example.com/log", size: 1, root });
  const [origin, size, hash, gap, line, end] = text.split("\n");
  assert.deepEqual(
    [origin, size, hash, gap, end],
    ["example.com/log", "1", encodeBase64(root), "", ""],
  );
  assert.match(line ?? "", /^\u2014 gw-1 [A-Za-z0-9+/]{91}=$/);
});
