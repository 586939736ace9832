/**
 * A whole ledger in a temporary folder with seeded keys, and the walk that checks everything after every step.
 *
 * `checkLedger` re-verifies every stored block with a fresh state, every hash of the tree, every receipt's path, that the
 * stored state is the fold of the records and that the projection equals its rebuild. `reload` is a restart.
 */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { createPortableHash } from "../../gateway/ledger/batch-hash.ts";
import type { Candidate } from "../../gateway/ledger/candidate.ts";
import { type GenesisFacts, sealGenesis } from "../../gateway/ledger/genesis.ts";
import { type AppendResult, type GatewayKeys, Ledger } from "../../gateway/ledger/ledger.ts";
import { CONTROL_WORDS, mine } from "../../gateway/ledger/mine.ts";
import { openDay } from "../../gateway/projection/open-day.ts";
import { createProjector } from "../../gateway/projection/projector.ts";
import { dumpProjection, rebuildProjection } from "../../gateway/projection/rebuild.ts";
import {
  decodeBase64url,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
} from "../../shared/base/bytes.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import { applyBlock, type ParentBlock } from "../../shared/chain/block-rules.ts";
import { ChainState } from "../../shared/chain/chain-state.ts";
import { ListedLog } from "../../shared/chain/log-view.ts";
import { verifyReceipt } from "../../shared/chain/receipt.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import {
  createNoteKey,
  createRecipientKey,
  createSigningKey,
  type SigningKey,
} from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { hashToken, signRequest } from "../../shared/message/request.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import type { CorrectionPayload, ExchangePayload } from "../../shared/record/payload.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { type ParsedRecord, parseRecord, signRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { dayBounds, localDayOf } from "../../shared/time/civil-day.ts";
import { seededBytes } from "./seeded-bytes.ts";

export const EASY_BITS = 0x207fffff;
/** 2024-01-01T00:00:00+01:00 */
export const START = 1_704_063_600;
export const ZONE = "Europe/Berlin";

export interface House {
  readonly gateways: readonly GatewayKeys[];
  readonly genesis: SealedBlock;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Keys and block 0 of a chain with `count` gateways, each with all roles. */
export function foundHouse(count = 1, seed = "house"): House {
  const randomBytes = seededBytes(seed);
  const gateways = Array.from({ length: count }, (_, i): GatewayKeys => {
    return {
      signing: createSigningKey(nodeSuite, randomBytes),
      note: createNoteKey(nodeSuite, `gw-${i + 1}`, randomBytes),
      utility: createRecipientKey(nodeSuite, seededBytes("utility")),
    };
  });
  const facts: GenesisFacts = {
    origin: "test.wattproof.example",
    zone: "352",
    time: START,
    salt: encodeBase64url(randomBytes(32)),
    quorum: 1,
    members: gateways.map(({ signing, note }) => ({
      key: signing.jwk,
      note: encodeBase64url(note.publicKey),
      name: note.name,
      roles: ["authority", "biller", "gateway", "registrar"],
    })),
    params: { bits: EASY_BITS, max_records: 16_384, max_bytes: 16_777_216, formats: [1] },
  };
  const founder = gateways[0] as GatewayKeys;
  return { gateways, genesis: sealGenesis(nodeSuite, founder.signing, facts), randomBytes };
}

/** A meter as a test drives it: it seals days and knows its own place. */
export class TestMeter {
  readonly id: string;
  readonly key: SigningKey;
  readonly salt: Uint8Array;
  readonly point: string;
  seq = 0;
  prev = "";
  /** Beginning of the next day. */
  from = START;
  register = 1000;
  exportRegister = 0;

  constructor(id: string, random: (length: number) => Uint8Array) {
    this.id = id;
    this.key = createSigningKey(nodeSuite, random);
    this.salt = random(32);
    this.point = computePoint(nodeSuite, id, this.salt);
  }
}

export interface DayChanges {
  readonly seq?: number;
  readonly prev?: string;
  /** Wh a slot; default a constant. */
  readonly wh?: readonly number[];
  /** Seconds a slot; default 900. */
  readonly step?: number;
  /** One letter a slot; default `M`. */
  readonly quality?: string;
  /** Exported Wh a slot. */
  readonly exported?: readonly number[];
  /** Default Europe/Berlin. */
  readonly zone?: string;
  /** Replaces the plaintext by bytes that are no day. */
  readonly garbage?: true;
  /** First register; default where the day before ended. */
  readonly register?: number;
  /** Only from where the meter is until here, instead of the whole local day. */
  readonly until?: number;
  /** Leave the meter's own place as it is. */
  readonly keepPlace?: true;
}

/** A correction but for what is filled in. */
export type BlindCorrection = Omit<CorrectionPayload, "v" | "seq" | "prev" | "ct" | "pt">;

export class TestLedger {
  readonly folder = mkdtempSync(join(tmpdir(), "wattproof-ledger-"));
  readonly house: House;
  readonly keys: GatewayKeys;
  readonly clock = new ManualClock(START * 1000);
  readonly meters: TestMeter[] = [];
  ledger: Ledger;
  readonly #random: (length: number) => Uint8Array;

  constructor(house: House = foundHouse(), gateway = 0) {
    this.house = house;
    this.keys = house.gateways[gateway] as GatewayKeys;
    this.#random = seededBytes(`ledger-${gateway}`);
    this.ledger = Ledger.create({ ...this.#options(), genesis: house.genesis });
  }

  #options(path = join(this.folder, "gateway.db")) {
    return {
      path,
      suite: nodeSuite,
      keys: this.keys,
      clock: this.clock,
      randomBytes: this.#random,
      projector: createProjector({ suite: nodeSuite, utility: this.keys.utility }),
    };
  }

  close(): void {
    this.ledger.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A restart. */
  reload(): void {
    this.ledger.close();
    this.ledger = Ledger.open(this.#options());
  }

  /** Puts the opening in the vault; the enrol record is issued by `enrol`. */
  addMeter(id = String(352_000_001 + this.meters.length), zone = ZONE): TestMeter {
    const meter = new TestMeter(id, this.#random);
    this.meters.push(meter);
    this.open(meter, zone);
    return meter;
  }

  /** Makes the meter's opening known to this gateway's vault. */
  open(meter: TestMeter, zone = ZONE): void {
    const { point, id, salt } = meter;
    this.ledger.vault.putPoint({ point, meter: id, salt: encodeBase64url(salt), zone });
  }

  /** Issues the enrol record of a meter, which can then seal days. */
  enrol(meter: TestMeter = this.addMeter()): TestMeter {
    const token = this.#random(32);
    const chain = this.ledger.state.chain.id;
    meter.prev = this.ledger.issue("enrol", {
      key: meter.key.jwk,
      point: meter.point,
      to: [{ key: this.keys.utility.jwk, use: "utility" }],
      req: signRequest(nodeSuite, meter.key, { chain, token }),
    });
    assert.equal(hashToken(nodeSuite, token).length, 43);
    return meter;
  }

  /** The meter's next day, sealed and opened as intake would. */
  day(meter: TestMeter, changes: DayChanges = {}): Candidate {
    const { step = 900, zone = ZONE, exported } = changes;
    const date = localDayOf(zone, meter.from);
    const bounds = dayBounds(zone, date);
    assert.ok(bounds);
    const from = Math.max(bounds.from, meter.from);
    const to = changes.until ?? bounds.to;
    const wh = changes.wh ?? Array.from({ length: (to - from) / step }, (_, i) => 40 + (i % 60));
    const sum = sumOf(wh);
    const first = changes.register ?? meter.register;
    const out = exported && {
      wh: exported,
      register: [meter.exportRegister, meter.exportRegister + sumOf(exported)],
    };
    const plaintext = changes.garbage
      ? this.#random(1024)
      : encodeUtf8(
          padPlaintext(
            {
              v: 1,
              meter: meter.id,
              salt: encodeBase64url(this.#random(32)),
              day: date,
              zone,
              tz: "2024a",
              from,
              to,
              step,
              wh,
              quality: changes.quality ?? "M".repeat(wh.length),
              ...(out && { out }),
              register: [first, first + sum],
              current: [[2100, 100, 9000]],
              voltage: [[230_000, 228_000, 233_000]],
              temperature: [21_500, 20_000, 23_000],
              humidity: [4500, 4000, 5000],
              events: [],
              clock: [[0, 1, "ntp", 12]],
              fw: encodeBase64url(new Uint8Array(32)),
            },
            wh.length,
          ),
        );
    const line2 = sealLine2(nodeSuite, {
      typ: "day",
      plaintext,
      signer: meter.key.kid,
      recipients: [{ kid: this.keys.utility.kid, key: decodeBase64url(this.keys.utility.jwk.x) }],
      randomBytes: this.#random,
    });
    const line1 = signRecord(nodeSuite, meter.key, "day", {
      v: 1,
      seq: changes.seq ?? meter.seq + 1,
      prev: changes.prev ?? meter.prev,
      ct: computeCt(nodeSuite, line2),
      pt: computePt(nodeSuite, plaintext),
      from,
      to,
    });
    const record = parseRecord(nodeSuite, line1);
    assert.ok(record.typ === "day");
    const recipients = [this.keys.utility.kid];
    const opened = openDay(nodeSuite, this.keys.utility, record, line2, {
      meter: meter.id,
      recipients,
    });
    if (changes.keepPlace === undefined) {
      meter.seq = record.seq;
      meter.prev = record.leaf;
      meter.from = to;
      meter.register = first + sum;
      meter.exportRegister = out?.register[1] ?? meter.exportRegister;
    }
    this.clock.setWall(Math.max(this.clock.wallMs(), to * 1000));
    return { record, line2, meter: meter.id, opened };
  }

  /** An event of the meter now; without a code, line 2 holds nonsense. */
  event(
    meter: TestMeter,
    code?: string,
    change: { before?: string; after?: string; at?: number; meter?: string } = {},
  ): Candidate {
    const at = Math.floor(this.clock.wallMs() / 1000);
    const salt = encodeBase64url(this.#random(32));
    const body = code && { v: 1, meter: meter.id, salt, at, code, ...change };
    const plaintext = body ? encodeUtf8(padPlaintext(body, 0)) : this.#random(1024);
    const line2 = sealLine2(nodeSuite, {
      typ: "event",
      plaintext,
      signer: meter.key.kid,
      recipients: [{ kid: this.keys.utility.kid, key: decodeBase64url(this.keys.utility.jwk.x) }],
      randomBytes: this.#random,
    });
    const line1 = signRecord(nodeSuite, meter.key, "event", {
      v: 1,
      seq: meter.seq + 1,
      prev: meter.prev,
      ct: computeCt(nodeSuite, line2),
      pt: computePt(nodeSuite, plaintext),
      at,
    });
    const record = parseRecord(nodeSuite, line1);
    meter.seq = record.seq;
    meter.prev = record.leaf;
    return { record, line2, meter: meter.id };
  }

  /** The meter's next record of this type with a line 2 of nonsense: no local rule looks at it twice. */
  blind(meter: TestMeter, own: BlindCorrection): Candidate {
    const { line2, ct, pt } = this.#nonsense("correction", meter.key.kid);
    const line1 = signRecord(nodeSuite, meter.key, "correction", {
      ...{ v: 1, seq: meter.seq + 1, prev: meter.prev, ct, pt },
      ...own,
    });
    const record = parseRecord(nodeSuite, line1);
    meter.seq = record.seq;
    meter.prev = record.leaf;
    return { record, line2, meter: meter.id };
  }

  /** Issues a correction of this gateway's with a line 2 of nonsense; returns its leaf. */
  issueBlind(own: BlindCorrection): string {
    const { line2, ct, pt } = this.#nonsense("correction", this.keys.signing.kid);
    return this.ledger.issue("correction", { ct, pt, ...own }, line2);
  }

  /** The same of a meter swap. */
  issueBlindExchange(own: Omit<ExchangePayload, "v" | "seq" | "prev" | "ct" | "pt">): string {
    const { line2, ct, pt } = this.#nonsense("exchange", this.keys.signing.kid);
    return this.ledger.issue("exchange", { ct, pt, ...own }, line2);
  }

  #nonsense(typ: string, signer: string): { line2: string; ct: string; pt: string } {
    const plaintext = this.#random(1024);
    const recipients = [
      { kid: this.keys.utility.kid, key: decodeBase64url(this.keys.utility.jwk.x) },
    ];
    const line2 = sealLine2(nodeSuite, {
      ...{ typ, plaintext, signer, recipients },
      randomBytes: this.#random,
    });
    return { line2, ct: computeCt(nodeSuite, line2), pt: computePt(nodeSuite, plaintext) };
  }

  /** Mines what is held into a block, without appending it. */
  seal(ledger: Ledger = this.ledger): SealedBlock {
    const template = ledger.template(Math.floor(this.clock.wallMs() / 1000));
    assert.ok(template);
    const { nonce } = mine(template.headerHash, template.target, {
      start: this.#random(32),
      hash: createPortableHash(),
      control: new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4)),
    });
    assert.ok(nonce);
    return ledger.seal(template, nonce);
  }

  mine(): AppendResult {
    return this.ledger.append(this.seal());
  }

  /** The code of each record by `hold`. */
  hold(...candidates: Candidate[]): string[] {
    return this.ledger.hold(candidates).map(({ code }) => code);
  }

  /** Line 2 of the records of a main block, by ct, as they travel beside it. */
  lines2(height: number): Map<string, string> {
    const lines2 = new Map<string, string>();
    const block = this.ledger.block(height);
    const size = this.ledger.tip().logSize;
    for (let position = 0; position < size; position++) {
      const line1 = this.ledger.line1(position) ?? "";
      const line2 = this.ledger.line2(position);
      if (line2 === undefined || !block?.records.includes(line1)) continue;
      lines2.set(computeCt(nodeSuite, line2), line2);
    }
    return lines2;
  }

  /** Every promise that the store makes, checked from what is on disk. */
  checkLedger(): void {
    const { ledger } = this;
    const tip = ledger.tip();
    const state = new ChainState();
    const keys = new VerifyKeyCache(nodeSuite);
    const leaves: Uint8Array[] = [];
    const records: ParsedRecord[] = [];
    const log = new ListedLog(records);
    let parent: ParentBlock | undefined;
    for (let height = 0; height <= tip.height; height++) {
      const block = ledger.block(height);
      assert.ok(block, `block ${height}`);
      const checked = applyBlock(state, parent, block, { suite: nodeSuite, keys, log });
      state.takeChanges();
      records.push(...checked.records);
      leaves.push(...checked.leaves);
      parent = {
        height,
        hash: checked.hash,
        time: checked.header.time,
        range: checked.range,
      };
    }
    assert.equal(encodeHex(parent?.hash ?? new Uint8Array(0)), encodeHex(tip.hash));
    assert.equal(leaves.length, tip.logSize);
    assert.equal(encodeHex(computeRoot(nodeSuite, leaves)), encodeHex(tip.logRoot));
    assert.deepEqual(sortedState(ledger.state), sortedState(state), "state is the fold");
    const stored = ledger.db.prepare("SELECT count(*) AS n FROM record").get() as { n: number };
    assert.equal(stored.n, tip.logSize);
    this.#checkReceipts(leaves);
    this.#checkReopened(state);
  }

  #checkReceipts(leaves: readonly Uint8Array[]): void {
    const { ledger, house } = this;
    if (house.gateways.length > 1) return;
    const verifiers = [{ name: this.keys.note.name, publicKey: this.keys.note.publicKey }];
    const old = Math.floor(leaves.length / 2);
    const known = [
      { size: 0, root: new Uint8Array(0) },
      { size: old, root: computeRoot(nodeSuite, leaves.slice(0, old)) },
    ];
    const origin = ledger.state.chain.origin;
    leaves.forEach((leaf, position) => {
      const text = ledger.receipt(position, old);
      assert.ok(text, `receipt ${position}`);
      verifyReceipt(nodeSuite, text, leaf, { origin, verifiers, threshold: 1, known });
    });
  }

  /** A copy, opened anew: its state is the same, and so is its projection after a rebuild. */
  #checkReopened(state: ChainState): void {
    this.ledger.db.pragma("wal_checkpoint(TRUNCATE)");
    const path = join(this.folder, "copy.db");
    for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    cpSync(join(this.folder, "gateway.db"), path);
    const copy = Ledger.open(this.#options(path));
    try {
      assert.deepEqual(sortedState(copy.state), sortedState(state), "stored state is the fold");
      assert.deepEqual(heldLeaves(copy), heldLeaves(this.ledger));
      const before = [...dumpProjection(copy.db)];
      const projector = createProjector({ suite: nodeSuite, utility: this.keys.utility });
      rebuildProjection(copy.db, { suite: nodeSuite, projector });
      assert.deepEqual([...dumpProjection(copy.db)], before, "projection equals its rebuild");
    } finally {
      copy.close();
    }
    const raw = new Database(path, { readonly: true });
    assert.equal(raw.pragma("integrity_check", { simple: true }), "ok");
    raw.close();
  }
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

function heldLeaves(ledger: Ledger): unknown[] {
  return ledger.db.prepare("SELECT id, records, body FROM held ORDER BY id").all();
}

/** Entities by key, with members in one order. */
export function sortedState(state: ChainState): [string, unknown][] {
  return [...state.entries()]
    .map(([key, entity]): [string, unknown] => [key, JSON.parse(sortedJson(entity))])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
