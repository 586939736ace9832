/** Chain rules C2 to C6 (records.md sections 2 and 3): every rule has a record that breaks only it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import { bitsOfWork } from "../../../shared/chain/work.ts";
import {
  createRecipientKey,
  createSigningKey,
  type SigningKey,
} from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { signRequest } from "../../../shared/message/request.ts";
import type { PayloadByTyp, Typ } from "../../../shared/record/payload.ts";
import { parseRecord, signRecord } from "../../../shared/record/record.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const NOW = START + 10 * DAY_S;
const H = (fill: number) => encodeBase64url(new Uint8Array(32).fill(fill));

for (const suite of [nodeSuite, nobleSuite]) {
  /** A chain with one enrolled meter, and a way to try a record on it without keeping it. */
  const setUp = (seed: string) => {
    const chain = new SampleChain(suite, undefined, seed);
    const keys = new VerifyKeyCache(suite);
    const meter = chain.createMeter("352522395");
    const enrol = chain.enrol(meter);
    chain.append([enrol], START + 60);
    const operator = chain.member(0).key;
    let position = chain.leaves.length;
    const apply = (line1: string, blockTime = NOW): void => {
      applyRecord(chain.state, parseRecord(suite, line1), {
        suite,
        keys,
        log: chain.log,
        position: position++,
        height: 2,
        blockTime,
      });
    };
    /** The code of a record with this payload, its seq and prev being the signer's next. */
    const refusal = <T extends Typ>(key: SigningKey, typ: T, draft: object, blockTime = NOW) => {
      const signer = chain.state.get("device", key.kid) ?? chain.state.get("member", key.kid);
      const seq = (signer?.seq ?? 0) + 1;
      const payload = { v: 1, seq, prev: signer?.leaf ?? H(0), ...draft };
      const line1 = signRecord(suite, key, typ, payload as unknown as PayloadByTyp[T]);
      const before = JSON.stringify([...chain.state.entries()]);
      const code = codeOf(() => apply(line1, blockTime));
      assert.equal(JSON.stringify([...chain.state.entries()]), before, "a refusal changes nothing");
      return code;
    };
    return { chain, meter, operator, apply, refusal };
  };
  const day = (from: number, to: number) => ({ ct: H(1), pt: H(2), from, to });

  test(`C3: who may sign (${suite.name})`, () => {
    const { chain, meter, operator, refusal } = setUp("c3");
    const stranger = createSigningKey(suite, chain.randomBytes);
    assert.equal(refusal(stranger, "day", day(START, START + DAY_S)), "unknown-key");
    assert.equal(refusal(stranger, "tariff", { id: "flat", ver: 1, body: {} }), "unknown-key");
    assert.equal(refusal(operator, "day", day(START, START + DAY_S)), "role");
    assert.equal(refusal(meter.key, "tariff", { id: "flat", ver: 1, body: {} }), "role");
    const chain3 = new SampleChain(
      suite,
      [
        { name: "boss", roles: ["authority"] },
        { name: "gw", roles: ["gateway"] },
        { name: "desk", roles: ["registrar"] },
        { name: "money", roles: ["biller"] },
      ],
      "c3-roles",
    );
    const desk = chain3.member(2).key;
    const tariff = chain3.sign(desk, "tariff", { id: "flat", ver: 1, body: {} });
    assert.equal(
      codeOf(() => chain3.append([tariff], START + 1)),
      "role",
    );
  });

  test(`C4 and C5: place and signature (${suite.name})`, () => {
    const { meter, apply, refusal, chain } = setUp("c4");
    const days = day(START, START + DAY_S);
    assert.equal(refusal(meter.key, "day", { ...days, seq: 2 }), "seq");
    assert.equal(refusal(meter.key, "day", { ...days, prev: H(9) }), "prev");
    const line1 = chain.day(meter, START, START + DAY_S);
    const other = chain.day(meter, START + DAY_S, START + 2 * DAY_S);
    const swapped = line1.slice(0, line1.lastIndexOf(".")) + other.slice(other.lastIndexOf("."));
    assert.equal(
      codeOf(() => apply(swapped)),
      "signature",
    );
    apply(line1);
    assert.equal(
      codeOf(() => apply(line1)),
      "seq",
      "a replay",
    );
    apply(other);
  });

  test(`C6 of day: days follow each other (${suite.name})`, () => {
    const { chain, meter, refusal, apply } = setUp("day");
    const first = START + 3_600;
    assert.equal(refusal(meter.key, "day", day(first, first)), "period");
    assert.equal(refusal(meter.key, "day", day(first, first - 1)), "period");
    assert.equal(refusal(meter.key, "day", day(first, first + 100_801)), "period");
    assert.equal(
      refusal(meter.key, "day", day(first, START + DAY_S), START + DAY_S - 601),
      "future",
    );
    apply(chain.day(meter, first, START + DAY_S), START + DAY_S - 600);
    assert.equal(refusal(meter.key, "day", day(START + DAY_S + 1, START + 2 * DAY_S)), "period");
    assert.equal(refusal(meter.key, "day", day(START + DAY_S - 1, START + 2 * DAY_S)), "period");
    apply(chain.day(meter, START + DAY_S, START + 2 * DAY_S - 3_600));
    // a day of 23 hours is whole; one of 19 is shorter, and then the last
    apply(chain.day(meter, START + 2 * DAY_S - 3_600, START + 2 * DAY_S - 3_600 + 71_999));
    const end = START + 2 * DAY_S - 3_600 + 71_999;
    assert.equal(refusal(meter.key, "day", day(end, end + DAY_S)), "period");
  });

  test(`C6 of day: a short first day, and a move, which makes the next day a first (${suite.name})`, () => {
    const { chain, meter, operator, apply, refusal } = setUp("move");
    apply(chain.day(meter, START, START + 3_600));
    apply(chain.day(meter, START + 3_600, START + DAY_S));
    apply(chain.day(meter, START + DAY_S, START + DAY_S + 3_600));
    const next = day(START + DAY_S + 3_600, START + 2 * DAY_S);
    assert.equal(refusal(meter.key, "day", next), "period", "ended by its short day");
    const utility = [{ key: chain.utility.jwk, use: "utility" }];
    const { jwk: key } = meter.key;
    apply(chain.sign(operator, "enrol", { key, point: meter.point, to: utility } as never));
    assert.equal(refusal(meter.key, "day", next), "period", "the same point changes nothing");
    const point = chain.createMeter("222222222").point;
    apply(chain.sign(operator, "enrol", { key, point, to: utility } as never));
    apply(chain.day(meter, START + 3 * DAY_S, START + 3 * DAY_S + 60));
    apply(chain.day(meter, START + 3 * DAY_S + 60, START + 4 * DAY_S));
  });

  test(`C6 of day: a point's next device starts after the last one (${suite.name})`, () => {
    const { chain, meter, apply, refusal } = setUp("swap");
    apply(chain.day(meter, START, START + DAY_S));
    const a = chain.day(meter, START + DAY_S, START + 2 * DAY_S);
    const place = chain.state.get("device", meter.key.kid);
    const b = signRecord(suite, meter.key, "day", {
      v: 1,
      seq: place?.seq === undefined ? 0 : place.seq + 1,
      prev: place?.leaf ?? "",
      ...day(START + DAY_S, START + 2 * DAY_S),
    });
    apply(a);
    apply(chain.sign(chain.member(0).key, "evidence", { a, b }));
    assert.equal(refusal(meter.key, "day", day(START + 2 * DAY_S, START + 3 * DAY_S)), "frozen");
    const again = { key: meter.key.jwk, point: meter.point };
    const to = [{ key: chain.utility.jwk, use: "utility" }];
    assert.equal(refusal(chain.member(0).key, "enrol", { ...again, to }), "known-key");
    // the frozen key no longer occupies its point
    const swapped = { ...chain.createMeter(meter.id), point: meter.point };
    apply(chain.enrol(swapped));
    assert.equal(refusal(swapped.key, "day", day(START + DAY_S, START + 3 * DAY_S - 1)), "period");
    assert.equal(refusal(swapped.key, "day", day(START + DAY_S, START + 2 * DAY_S)), "overlap");
    apply(chain.day(swapped, START + 2 * DAY_S + 43_200, START + 3 * DAY_S));
  });

  test(`C6 of enrol (${suite.name})`, () => {
    const { chain, meter, operator, refusal, apply } = setUp("enrol");
    const fresh = chain.createMeter("111111111");
    const utility = { key: chain.utility.jwk, use: "utility" };
    const request = (key: SigningKey, chainId = chain.chainId, token = chain.randomBytes(32)) =>
      signRequest(suite, key, { chain: chainId, token });
    const base = { key: fresh.key.jwk, point: fresh.point, to: [utility] };
    const enrol = (change: object) =>
      refusal(operator, "enrol", { ...base, req: request(fresh.key), ...change });
    assert.equal(enrol({ to: [{ ...utility, use: "customer" }] }), "recipients");
    assert.equal(enrol({ to: [utility, utility] }), "recipients");
    const two = [createRecipientKey(suite, chain.randomBytes), chain.utility]
      .sort((x, y) => (x.kid < y.kid ? 1 : -1))
      .map(({ jwk }) => ({ key: jwk, use: "utility" }));
    assert.equal(enrol({ to: two }), "recipients");
    assert.equal(enrol({ point: meter.point }), "point");
    assert.equal(refusal(operator, "enrol", base), "request");
    assert.equal(enrol({ req: request(meter.key) }), "request");
    assert.equal(enrol({ req: request(fresh.key, H(7)) }), "chain");
    assert.equal(enrol({ key: operator.jwk, req: request(operator) }), "known-key");
    assert.equal(enrol({ key: { ...fresh.key.jwk, y: H(3) } }), "key-off-curve");
    const token = chain.randomBytes(32);
    apply(
      chain.sign(operator, "enrol", {
        ...base,
        req: request(fresh.key, undefined, token),
      } as never),
    );
    const third = chain.createMeter("222222222");
    const reuse = {
      key: third.key.jwk,
      point: third.point,
      req: request(third.key, undefined, token),
    };
    assert.equal(enrol(reuse), "token");
    // an active key moves without a request, and its next day counts as a first
    assert.equal(enrol({ point: third.point }), "request");
    const moved = { key: fresh.key.jwk, point: third.point, to: [utility] };
    apply(chain.sign(operator, "enrol", moved as never));
    assert.equal(chain.state.get("point", fresh.point)?.kid, undefined);
    assert.equal(chain.state.get("point", third.point)?.kid, fresh.key.kid);
  });

  test(`C6 of evidence (${suite.name})`, () => {
    const { chain, meter, operator, refusal, apply } = setUp("evidence");
    const place = chain.state.get("device", meter.key.kid);
    const sign = (key: SigningKey, change: object) =>
      signRecord(suite, key, "day", {
        v: 1,
        seq: 1,
        prev: place?.leaf ?? "",
        ...day(START, START + DAY_S),
        ...change,
      });
    const a = sign(meter.key, {});
    const b = sign(meter.key, { to: START + 80_000 });
    const evidence = (x: string, y: string) => refusal(operator, "evidence", { a: x, b: y });
    assert.equal(evidence(a, a), "evidence");
    assert.equal(evidence(a, sign(meter.key, { seq: 2 })), "evidence");
    assert.equal(evidence(a, sign(meter.key, { prev: H(5) })), "evidence");
    assert.equal(evidence(a, sign(createSigningKey(suite, chain.randomBytes), {})), "evidence");
    assert.equal(evidence(a, "e30.e30.AAAA"), "evidence");
    const forged = b.slice(0, b.lastIndexOf(".")) + a.slice(a.lastIndexOf("."));
    assert.equal(evidence(a, forged), "evidence");
    const t1 = signRecord(suite, operator, "tariff", {
      v: 1,
      seq: 9,
      prev: H(1),
      id: "x",
      ver: 1,
      body: {},
    });
    const t2 = signRecord(suite, operator, "tariff", {
      v: 1,
      seq: 9,
      prev: H(1),
      id: "y",
      ver: 1,
      body: {},
    });
    assert.equal(evidence(t1, t2), "evidence", "a member key may sign a place again");
    apply(chain.sign(operator, "evidence", { a, b }));
    assert.equal(evidence(b, a), "evidence", "frozen already");
  });

  test(`C6 of tariff, assign and bill (${suite.name})`, () => {
    const { chain, meter, operator, refusal, apply } = setUp("money");
    assert.equal(refusal(operator, "tariff", { id: "flat", ver: 2, body: {} }), "tariff");
    assert.equal(
      refusal(operator, "assign", { point: meter.point, tariff: "flat", from: 0 }),
      "tariff",
    );
    const tariff = chain.sign(operator, "tariff", { id: "flat", ver: 1, body: {} });
    apply(tariff);
    const second = chain.sign(operator, "tariff", { id: "flat", ver: 2, body: { a: 1 } });
    apply(second);
    const [one, two] = [tariff, second].map((line1) => parseRecord(suite, line1).leaf);
    assert.equal(refusal(operator, "assign", { point: H(4), tariff: "flat", from: 0 }), "point");
    const assign = { point: meter.point, tariff: "flat", from: START };
    assert.equal(refusal(operator, "assign", { ...assign, to: START }), "period");
    apply(chain.sign(operator, "assign", assign));
    const bill = {
      ct: H(1),
      pt: H(2),
      point: meter.point,
      from: START,
      to: START + 31 * DAY_S,
      tariffs: [one, two],
      days: H(3),
      n: 0,
    };
    const refused = (change: object) => refusal(operator, "bill", { ...bill, ...change });
    assert.equal(refused({ point: H(4) }), "point");
    assert.equal(refused({ to: START }), "period");
    assert.equal(refused({ tariffs: [two, one] }), "reference");
    assert.equal(refused({ tariffs: [one, one] }), "reference");
    assert.equal(refused({ tariffs: [H(8)] }), "reference");
    apply(chain.sign(operator, "bill", bill as never));
    assert.equal(refused({}), "overlap");
    assert.equal(refused({ from: START + 31 * DAY_S - 1, to: START + 60 * DAY_S }), "overlap");
    assert.equal(refusal(operator, "assign", assign), "period");
    assert.equal(
      refusal(operator, "assign", { ...assign, from: bill.to - 1 }),
      "period",
      "within an issued bill",
    );
    const billLeaf = chain.state.get("member", operator.kid)?.leaf;
    assert.equal(refused({ from: bill.to, to: bill.to + 1, tariffs: [billLeaf] }), "reference");
    // a bill may end where another begins, and begin where it ends
    const after = { ...bill, from: bill.to, to: START + 60 * DAY_S };
    apply(chain.sign(operator, "bill", after as never));
    apply(chain.sign(operator, "bill", { ...bill, from: START - DAY_S, to: START } as never));
    const { to: end } = after;
    assert.equal(refusal(operator, "assign", { ...assign, from: end - 1 }), "period");
    apply(chain.sign(operator, "assign", { ...assign, from: end }));
  });
}

test("genesis: bounds, members and the founder's signature", () => {
  const suite = nodeSuite;
  const sample = new SampleChain(suite, undefined, "genesis");
  const record = parseRecord(suite, sample.genesisLine);
  assert.ok(record.typ === "genesis");
  const { key } = sample.member(0);
  const refused = (change: object, signer = key, seq: object = {}) => {
    const payload = { ...record.payload, ...change, ...seq };
    const line1 = signRecord(suite, signer, "genesis", payload as PayloadByTyp["genesis"]);
    const empty = new SampleChain(suite, undefined, "other");
    return codeOf(() => {
      // a fresh chain whose block 0 holds this genesis
      empty.parent = undefined;
      empty.state.clear();
      empty.leaves.length = 0;
      empty.append([line1], START);
    });
  };
  const [member] = record.payload.members;
  assert.ok(member !== undefined);
  const other = createSigningKey(suite, sample.randomBytes);
  const params = record.payload.params;
  assert.equal(refused({ members: [{ ...member, roles: ["gateway"] }] }), "genesis");
  assert.equal(
    refused({ members: [{ key: member.key, name: "a", roles: ["authority"] }] }),
    "genesis",
  );
  assert.equal(refused({ members: [member, member] }), "genesis");
  assert.equal(refused({ members: [member, { ...member, key: other.jwk }] }), "genesis");
  assert.equal(refused({ members: [{ ...member, roles: ["gateway", "authority"] }] }), "genesis");
  const noteless = { key: member.key, name: member.name, roles: member.roles };
  assert.equal(refused({ members: [noteless] }), "genesis");
  const offCurve = { ...member, key: { ...member.key, y: H(1) } };
  assert.equal(refused({ members: [member, { ...offCurve, name: "x" }] }), "key-off-curve");
  const sameNote = { ...member, key: other.jwk, name: "x" };
  assert.equal(refused({ members: [member, sameNote] }), "genesis");
  assert.equal(refused({ quorum: 2 }), "genesis");
  assert.equal(refused({ params: { ...params, bits: 0x1a00ffff } }), "params");
  const overLimit = bitsOfWork(3n << 47n);
  assert.equal(refused({ params: { ...params, bits: overLimit } }), "params");
  assert.equal(refused({ params: { ...params, formats: [2] } }), "params");
  assert.equal(refused({ params: { ...params, formats: [1, 1] } }), "params");
  assert.equal(refused({ params: { ...params, bits: 0x1d80ffff } }), "bits");
  assert.equal(refused({}, other), "role");
  assert.equal(refused({}, key, { seq: 2 }), "seq");
  assert.equal(refused({}, key, { prev: H(1) }), "prev");
  assert.equal(refused({ time: START + 1 }), "genesis");
  assert.equal(refused({ params: { ...params, max_records: 16_385 } }), "schema");
  assert.equal(refused({ origin: "eyJhbGciOi" }), "schema");
  assert.equal(refused({ origin: "wattproof-x" }), "schema");
  assert.equal(refused({ origin: "a+b" }), "schema");
});
