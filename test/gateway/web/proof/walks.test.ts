// What a reader's browser checks by itself: whatever byte a gateway serves wrongly, the walk ends there and names it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProofStep } from "../../../../gateway/web/proof/check-record.ts";
import { type FetchJson, ServedChain } from "../../../../gateway/web/proof/served-chain.ts";
import type { WalkEvent } from "../../../../gateway/web/proof/walk.ts";
import { walkBlock } from "../../../../gateway/web/proof/walk-block.ts";
import { type Remembered, walkChain } from "../../../../gateway/web/proof/walk-chain.ts";
import { walkRecord } from "../../../../gateway/web/proof/walk-record.ts";
import { decodeBase64url, encodeHex } from "../../../../shared/base/bytes.ts";
import { nobleSuite as suite } from "../../../../shared/crypto/noble-suite.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { createTestPortal } from "../../../support/test-portal.ts";

const VILLAGE = { meters: 3, days: 8 };
const model = createFakeReadModel(VILLAGE);
// Signatures are random: the portal serves the very model that the tests look into.
const app = createTestPortal(VILLAGE, { readModel: model });
const DAY = 15;
const tip = model.overview().tip;

type Served = Record<string, unknown>;
/** What a gateway that lies puts in place of an answer. */
type Lie = (path: string, answer: Served) => Served;

function chainOf(lie: Lie = (_, answer) => answer): ServedChain {
  const fetch: FetchJson = async (path) => {
    const response = await app.request(`/api/v1${path}`);
    return lie(path, (await response.json()) as Served);
  };
  return new ServedChain(fetch);
}

async function run(walk: AsyncGenerator<WalkEvent>): Promise<readonly ProofStep[]> {
  const steps: ProofStep[] = [];
  for await (const event of walk) if (event.kind === "step") steps.push(event.step);
  return steps;
}

const record = model.record(DAY);
const leaf = record?.leaf ?? "";
const walkDay = (lie?: Lie, chain?: string) =>
  run(walkRecord(suite, chainOf(lie), { position: DAY, leaf, chain }));

/** Another character at this place of a text. */
function flip(text: unknown, at: number): string {
  const known = String(text);
  return known.slice(0, at) + (known[at] === "A" ? "B" : "A") + known.slice(at + 1);
}

function change(path: string, how: (answer: Served) => Served): Lie {
  return (asked, answer) => (asked.startsWith(path) ? { ...answer, ...how(answer) } : answer);
}

const block = (answer: Served): Served => answer["block"] as Served;
const checkpoint = (answer: Served): Served => answer["checkpoint"] as Served;

describe("a record, checked by its reader", () => {
  test("each step holds, for every record of the chain", async () => {
    for (let position = 0; position < tip.logSize; position += 3) {
      const shown = model.record(position)?.leaf ?? "";
      const steps = await run(walkRecord(suite, chainOf(), { position, leaf: shown }));
      assert.equal(steps.length, 8);
      assert.deepEqual(
        steps.filter(({ verdict }) => verdict !== "holds").map(({ sentence }) => sentence),
        [],
        `record ${position}`,
      );
    }
  });

  const lies: readonly (readonly [what: string, lie: Lie, step: string, code: string])[] = [
    [
      "the founding record's signature",
      change("/records/0", ({ line1 }) => ({ line1: flip(line1, String(line1).length - 40) })),
      "Beginning of the chain",
      "signature",
    ],
    [
      "the enrolment's signature",
      change(`/records/${record?.keyPosition}`, ({ line1 }) => ({
        line1: flip(line1, String(line1).length - 40),
      })),
      "Whose key it is",
      "signature",
    ],
    [
      "another meter's enrolment",
      change(`/records/${DAY}`, ({ keyPosition }) => ({ keyPosition: Number(keyPosition) + 1 })),
      "Whose key it is",
      "unknown-key",
    ],
    [
      "a record that enrols nobody",
      change(`/records/${DAY}`, () => ({ keyPosition: 0 })),
      "Whose key it is",
      "reference",
    ],
    [
      "the place of the enrolment",
      change(`/records/${record?.keyPosition}`, ({ inclusion }) => ({
        inclusion: (inclusion as string[]).map((hash) => flip(hash, 3)),
      })),
      "Whose key it is",
      "proof",
    ],
    [
      "the signature",
      change(`/records/${DAY}`, ({ line1 }) => ({ line1: flip(line1, String(line1).length - 40) })),
      "Signature",
      "signature",
    ],
    [
      "the sealed part",
      change(`/records/${DAY}`, ({ line2 }) => ({ line2: flip(line2, 40) })),
      "Sealed part",
      "ct",
    ],
    [
      "another record of the same meter",
      (path, answer) =>
        path === `/records/${DAY}`
          ? { ...answer, ...model.record(record?.previousPosition ?? 0), block: answer["block"] }
          : answer,
      "Fingerprint",
      "proof",
    ],
    [
      "the path",
      change(`/records/${DAY}`, ({ inclusion }) => ({
        inclusion: (inclusion as string[]).slice(1),
      })),
      "Place in the log",
      "proof",
    ],
    [
      "the block's nonce",
      change(`/records/${DAY}`, (answer) => ({
        block: { ...block(answer), nonce: flip(block(answer)["nonce"], 3) },
      })),
      "Block",
      "work",
    ],
    [
      "the block's seal",
      change(`/records/${DAY}`, (answer) => ({
        block: { ...block(answer), seal: flip(block(answer)["seal"], 30) },
      })),
      "Block",
      "seal",
    ],
    [
      "the checkpoint",
      change(`/records/${DAY}`, (answer) => ({
        checkpoint: { ...checkpoint(answer), note: flip(checkpoint(answer)["note"], 2) },
      })),
      "Checkpoint",
      "checkpoint",
    ],
    [
      "a member that is no text",
      change(`/records/${DAY}`, () => ({ line1: 7 })),
      "Whose key it is",
      "schema",
    ],
  ];
  for (const [what, lie, title, code] of lies) {
    test(`${what} served wrongly ends at “${title}” with ${code}`, async () => {
      const last = (await walkDay(lie)).at(-1);
      assert.deepEqual([last?.title, last?.verdict, last?.code], [title, "fails", code]);
    });
  }

  test("another chain than the one that the reader knows is told first", async () => {
    const steps = await walkDay(undefined, "A".repeat(43));
    assert.deepEqual(
      steps.map(({ code }) => code),
      ["chain"],
    );
    assert.equal((await walkDay(undefined, tip.chainId)).at(-1)?.verdict, "holds");
  });

  test("an erased part and a block that is not final are open, not wrong", async () => {
    const steps = await walkDay((path, answer) => {
      const { line2: _, checkpoint: __, ...rest } = answer;
      return path === `/records/${DAY}` ? rest : answer;
    });
    const open = steps.filter(({ verdict }) => verdict === "open").map(({ title }) => title);
    assert.deepEqual(open, ["Sealed part", "Checkpoint"]);
  });
});

describe("a block, checked by its reader", () => {
  const HEIGHT = 6;
  const hashAt = (height: number): string =>
    encodeHex(decodeBase64url(model.block(height)?.hash ?? ""));
  const walk = (lie?: Lie, height = HEIGHT) =>
    run(walkBlock(suite, chainOf(lie), { height, hash: hashAt(height) }));

  test("each step holds, for every block of the chain", async () => {
    for (let height = 0; height <= tip.height; height++) {
      const steps = await walk(undefined, height);
      assert.equal(steps.length, 6);
      assert.ok(
        steps.every(({ verdict }) => verdict === "holds"),
        `block ${height}: ${steps.at(-1)?.sentence}`,
      );
    }
  });

  const lies: readonly (readonly [what: string, lie: Lie, step: string, code: string])[] = [
    [
      "the header",
      change(`/blocks/${HEIGHT}`, ({ header }) => ({ header: flip(header, 60) })),
      "Hash and work",
      "work",
    ],
    ["another block", change(`/blocks/${HEIGHT}`, () => blockRow(5)), "Hash and work", "height"],
    [
      "the block before it",
      change(`/blocks/${HEIGHT - 1}`, () => blockRow(4)),
      "Link to the block before it",
      "height",
    ],
    [
      "a line",
      change("/lines", ({ rows }) => ({
        rows: (rows as Served[]).map((row, i) =>
          i === 1 ? { ...row, line1: model.lines(0, 1)[0]?.line1 } : row,
        ),
      })),
      "Its records",
      "root",
    ],
    [
      "one line too few",
      change("/lines", ({ rows }) => ({ rows: (rows as Served[]).slice(1) })),
      "Its records",
      "root",
    ],
    [
      "the log before it",
      change("/records/", ({ inclusion }) => ({ inclusion: (inclusion as string[]).slice(1) })),
      "The log",
      "proof",
    ],
    [
      "the seal",
      change(`/blocks/${HEIGHT}`, ({ seal }) => ({ seal: flip(seal, 20) })),
      "Seal",
      "seal",
    ],
  ];
  for (const [what, lie, title, code] of lies) {
    test(`${what} served wrongly ends at “${title}” with ${code}`, async () => {
      const last = (await walk(lie)).at(-1);
      assert.deepEqual([last?.title, last?.verdict, last?.code], [title, "fails", code]);
    });
  }

  /** Bytes as the interface has them. */
  function blockRow(height: number): Served {
    return JSON.parse(JSON.stringify(model.block(height), asText)) as Served;
  }
});

function asText(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64url") : value;
}

describe("the whole chain, walked by its reader", () => {
  const asked = { height: tip.height, hash: encodeHex(decodeBase64url(tip.hash)) };
  async function walk(lie?: Lie, remembered?: Remembered) {
    let kept: Remembered | undefined;
    const remember = (walked: Remembered): void => {
      kept = walked;
    };
    const steps = await run(walkChain(suite, chainOf(lie), { ...asked, remembered, remember }));
    return { steps, kept };
  }

  test("each step holds, and the tip is remembered", async () => {
    const { steps, kept } = await walk();
    assert.deepEqual(
      steps.map(({ verdict }) => verdict),
      ["holds", "holds", "holds", "holds", "holds"],
    );
    assert.deepEqual(kept, { chain: tip.chainId, ...asked });
  });

  test("what was remembered and is still so is told; what has changed is named and not forgotten", async () => {
    const hash = encodeHex(decodeBase64url(model.block(4)?.hash ?? ""));
    const same = await walk(undefined, { chain: tip.chainId, height: 4, hash });
    assert.match(same.steps.at(-1)?.sentence ?? "", /Nothing has changed up to block 4/);
    for (const other of [
      { height: 4, hash: `ff${hash.slice(2)}` },
      { height: tip.height + 9, hash },
    ]) {
      const { steps, kept } = await walk(undefined, { chain: tip.chainId, ...other });
      assert.equal(steps.at(-1)?.code, "past-changed");
      assert.equal(kept, undefined);
    }
    const foreign = await walk(undefined, { chain: "A".repeat(43), height: 4, hash });
    assert.equal(foreign.steps.at(-1)?.code, "chain");
  });

  test("a header, a nonce or an order served wrongly ends the walk at its block", async () => {
    const changed = (how: (rows: Served[]) => Served[]): Lie =>
      change("/headers", ({ rows }) => ({ rows: how(rows as Served[]) }));
    const cases: readonly (readonly [Lie, string, RegExp])[] = [
      [
        changed((rows) =>
          rows.map((row, i) => (i === 5 ? { ...row, nonce: flip(row["nonce"], 2) } : row)),
        ),
        "work",
        /block 5/,
      ],
      [
        changed((rows) => [...rows.slice(0, 3), rows[4] ?? {}, ...rows.slice(4)]),
        "height",
        /block 3/,
      ],
      [changed((rows) => rows.slice(0, 4)), "height", /not handed out/],
    ];
    for (const [lie, code, words] of cases) {
      const last = (await walk(lie)).steps.at(-1);
      assert.deepEqual([last?.title, last?.code], ["Every block", code]);
      assert.match(last?.sentence ?? "", words);
    }
  });

  test("it tells how far it has come, and can be left at any time", async () => {
    const walked = walkChain(suite, chainOf(), { ...asked, remember: () => assert.fail() });
    for await (const event of walked) {
      if (event.kind !== "progress") continue;
      assert.deepEqual(
        [event.done, event.of, event.unit],
        [tip.height + 1, tip.height + 1, "blocks"],
      );
      break;
    }
  });
});
