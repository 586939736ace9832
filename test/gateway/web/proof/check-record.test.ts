// Each step of the proof page is a real check: every kind of tampering makes its own step fail with its code.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BlockDetail, RecordDetail } from "../../../../gateway/projection/chain-view-types.ts";
import { checkRecord } from "../../../../gateway/web/proof/check-record.ts";
import { tellTamperStory } from "../../../../gateway/web/proof/tamper.ts";
import { nobleSuite } from "../../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../../shared/crypto/node-suite.ts";
import { FAKE_ORIGIN } from "../../../support/fake-chain.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";

const readModel = createFakeReadModel({ meters: 3, days: 8 });
const context = { suite: nodeSuite, origin: FAKE_ORIGIN };

function recordAt(position: number): RecordDetail {
  const record = readModel.record(position);
  assert.ok(record);
  return record;
}
const DAY = 15;

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}
function flipText(text: string, at: number): string {
  const other = text[at] === "A" ? "B" : "A";
  return text.slice(0, at) + other + text.slice(at + 1);
}

describe("proof of a record", () => {
  test("every record of the chain holds in all steps, with both suites", () => {
    const { logSize } = readModel.overview().tip;
    for (let position = 0; position < logSize; position++) {
      const check = checkRecord(context, recordAt(position));
      assert.deepEqual(
        check.steps.filter((step) => step.verdict !== "holds").map((step) => step.sentence),
        [],
        `record ${position}`,
      );
      assert.equal(check.state, "final");
    }
    assert.equal(checkRecord({ ...context, suite: nobleSuite }, recordAt(DAY)).failed, 0);
  });

  const other = (): RecordDetail => recordAt(DAY + 1);
  const inBlock =
    (change: (block: BlockDetail) => Partial<BlockDetail>) => (record: RecordDetail) => ({
      block: { ...record.block, ...change(record.block) },
    });
  const tampered: readonly (readonly [
    what: string,
    change: (record: RecordDetail) => Partial<RecordDetail>,
    step: string,
    code: string,
  ])[] = [
    ["the sealed part", (r) => ({ line2: flipText(r.line2 ?? "", 40) }), "Reading", "ct"],
    ["another sealed part", () => ({ line2: other().line2 ?? "" }), "Reading", "ct"],
    [
      "the signature",
      (r) => ({ line1: flipText(r.line1, r.line1.length - 40) }),
      "Signature",
      "signature",
    ],
    ["the key", () => ({ signerKey: other().signerKey }), "Signature", "unknown-key"],
    ["the leaf", () => ({ leaf: other().leaf }), "Record", "proof"],
    ["the record", () => ({ line1: other().line1 }), "Inclusion", "proof"],
    [
      "the path",
      (r) => ({ inclusion: r.inclusion.map((hash) => flipText(hash, 3)) }),
      "Inclusion",
      "proof",
    ],
    ["a path too short", (r) => ({ inclusion: r.inclusion.slice(1) }), "Inclusion", "proof"],
    ["the position", (r) => ({ position: r.position + 1 }), "Inclusion", "proof"],
    ["the header", inBlock((b) => ({ header: flip(b.header, 119) })), "Block", "header"],
    ["the nonce", inBlock((b) => ({ nonce: flip(b.nonce, 0) })), "Block", "header"],
    ["the seal", inBlock((b) => ({ seal: flip(b.seal, 9) })), "Block", "seal"],
    [
      "the gateway's key",
      inBlock(() => ({ gatewayKey: recordAt(DAY).signerKey })),
      "Block",
      "seal",
    ],
    ["the block's extent", inBlock(() => ({ records: 1 })), "Block", "proof"],
    ["the height", (r) => ({ height: r.height + 1 }), "Block", "height"],
  ];
  for (const [what, change, title, code] of tampered) {
    test(`tampering with ${what} breaks “${title}” with ${code}`, () => {
      const record = recordAt(DAY);
      const check = checkRecord(context, { ...record, ...change(record) });
      const step = check.steps.find((one) => one.title === title);
      assert.equal(step?.verdict, "fails");
      assert.equal(step?.code, code);
      assert.equal(check.state, "broken");
    });
  }

  test("a block without the work demanded breaks “Work”", () => {
    const record = recordAt(DAY);
    const nonces = Array.from({ length: 40 }, (_, i) => flip(record.block.nonce, i % 32));
    const failing = nonces.filter((nonce) => {
      const check = checkRecord(context, { ...record, block: { ...record.block, nonce } });
      return check.steps.find((step) => step.title === "Work")?.code === "work";
    });
    assert.ok(failing.length > 30, `${failing.length} of 40`);
  });

  test("a checkpoint of another log, size or signer breaks “Checkpoint”", () => {
    const record = recordAt(DAY);
    const { checkpoint } = record;
    assert.ok(checkpoint);
    const changes: readonly (readonly [Partial<typeof checkpoint>, string])[] = [
      [{ note: checkpoint.note.replace(FAKE_ORIGIN, "another.example/log") }, "checkpoint"],
      [
        { note: checkpoint.note.replace(`\n${checkpoint.size}\n`, `\n${checkpoint.size + 1}\n`) },
        "checkpoint",
      ],
      [{ keys: [] }, "checkpoint"],
      [{ threshold: 2 }, "checkpoint"],
      [{ note: recordAt(DAY + 4).checkpoint?.note ?? "" }, "proof"],
    ];
    for (const [change, code] of changes) {
      const check = checkRecord(context, { ...record, checkpoint: { ...checkpoint, ...change } });
      const step = check.steps.find((one) => one.title === "Checkpoint");
      assert.equal(step?.code, code, JSON.stringify(change));
    }
  });

  test("a receipt for another record breaks “Receipt”", () => {
    const check = checkRecord(context, { ...recordAt(DAY), receipt: other().receipt ?? "" });
    assert.equal(check.steps.at(-1)?.verdict, "fails");
  });

  test("what is not there yet, or was erased, is open and not a failure", () => {
    const { checkpoint: _, receipt: __, line2: ___, ...bare } = recordAt(DAY);
    const check = checkRecord(context, { ...bare, state: "block" });
    assert.deepEqual(
      check.steps.filter((step) => step.verdict === "open").map((step) => step.title),
      ["Reading", "Checkpoint", "Receipt"],
    );
    assert.equal(check.state, "block");
  });

  test("garbage becomes failing steps, never an exception", () => {
    const garbage = { line1: "", line2: "x", receipt: "", inclusion: ["?"] };
    const check = checkRecord(context, { ...recordAt(DAY), ...garbage });
    assert.ok(check.failed >= 4);
  });
});

describe("the story of a changed reading", () => {
  test("every hash above the reading becomes another one, and the record itself stays", () => {
    const record = recordAt(DAY);
    const story = tellTamperStory(nodeSuite, record);
    assert.ok(story);
    for (const change of [story.fingerprint, story.leaf, story.logRoot, story.blockHash]) {
      assert.notEqual(change.before, change.after);
      assert.equal(change.before.length, change.after.length);
    }
    assert.equal(story.leaf.before, record.leaf);
    assert.equal(story.logRoot.before, record.block.logRoot);
    assert.equal(checkRecord(context, record).failed, 0);
  });

  test("a record without a sealed part has no such story", () => {
    assert.equal(tellTamperStory(nodeSuite, recordAt(0)), undefined);
  });
});
