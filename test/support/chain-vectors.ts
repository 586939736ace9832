/**
 * Builds the chain vectors of `test/vectors/chain.json` from seeds, with the noble suite, whose signatures are the
 * same each time (RFC 6979). A second implementation reads the dumps and must reach the same values and verdicts.
 */
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { parseRecord, signRecord } from "../../shared/record/record.ts";
import { type ChainVector, finishVector } from "./chain-vector.ts";
import { buildReadingVectors } from "./reading-vectors.ts";
import { DAY_S, SampleChain, START } from "./sample-chain.ts";

export interface ChainVectors {
  readonly origin: string;
  readonly chains: readonly ChainVector[];
}

/** Enrol and day in one block, an empty block, two blocks with the same logRoot; receipts with old 0 and old n. */
function oneAuthority(): ChainVector {
  const chain = new SampleChain(nobleSuite, undefined, "vector-one-authority");
  const meter = chain.createMeter("352522395");
  chain.append([chain.enrol(meter), chain.day(meter, START, START + DAY_S)], START + DAY_S);
  chain.append([], START + DAY_S + 60);
  chain.append([chain.day(meter, START + DAY_S, START + 2 * DAY_S)], START + 2 * DAY_S);
  const receipt = (index: number, old: number) => ({
    leaf: encodeBase64url(chain.leaves[index] as Uint8Array),
    old,
    text: chain.receipt(index, old),
  });
  const receipts = [receipt(2, 0), receipt(3, 3), receipt(0, 1), receipt(3, 4)];
  const done = finishVector("one authority", chain, { receipts });
  const later = START + 9 * DAY_S;
  const gap = chain.day(meter, START + 3 * DAY_S, START + 4 * DAY_S);
  const replay = done.dump[1]?.match(/"records":\["([^"]+)"/)?.[1] ?? "";
  return {
    ...done,
    refused: [
      { record: gap, time: later, code: "period" },
      { record: replay, time: later, code: "seq" },
      { record: `${gap.slice(0, -86)}${"A".repeat(86)}`, time: later, code: "signature" },
    ],
  };
}

/** Three authorities, and the other roles with keys of their own. */
function threeAuthorities(): ChainVector {
  const chain = new SampleChain(
    nobleSuite,
    [
      { name: "board-1", roles: ["authority"] },
      { name: "board-2", roles: ["authority"] },
      { name: "board-3", roles: ["authority"] },
      { name: "gw-1", roles: ["gateway"] },
      { name: "desk", roles: ["registrar"] },
      { name: "money", roles: ["biller"] },
    ],
    "vector-three-authorities",
  );
  const [desk, money] = [chain.member(4).key, chain.member(5).key];
  const meter = chain.createMeter("111111111");
  const tariff = chain.sign(money, "tariff", { id: "flat", ver: 1, body: { label: "Gr\u00fcn" } });
  chain.append([chain.enrol(meter, desk), tariff], START + 60);
  const assign = { point: meter.point, tariff: "flat", from: START };
  chain.append([chain.sign(money, "assign", assign)], START + 60);
  const done = finishVector("three authorities, one key a role", chain);
  const wrong = chain.sign(desk, "tariff", { id: "flat", ver: 2, body: {} });
  return { ...done, refused: [{ record: wrong, time: START + 99, code: "role" }] };
}

/** Equivocation: evidence freezes the key, and the point's next device goes on after it. */
function equivocation(): ChainVector {
  const chain = new SampleChain(nobleSuite, undefined, "vector-evidence");
  const meter = chain.createMeter("352522395");
  chain.append([chain.enrol(meter)], START);
  const a = chain.day(meter, START, START + DAY_S);
  const { payload } = parseRecord(nobleSuite, a) as { payload: { to: number } };
  const b = signRecord(nobleSuite, meter.key, "day", { ...payload, to: START + 80_000 } as never);
  chain.append([a, chain.sign(chain.member(0).key, "evidence", { a, b })], START + DAY_S);
  const next = { ...chain.createMeter(meter.id), point: meter.point };
  const first = chain.enrol(next);
  const noon = START + DAY_S + 43_200;
  chain.append([first, chain.day(next, noon, START + 2 * DAY_S)], START + 2 * DAY_S);
  const done = finishVector("evidence, and a swap at noon", chain);
  const frozen = chain.day(meter, START + DAY_S, START + 2 * DAY_S);
  return { ...done, refused: [{ record: frozen, time: START + 3 * DAY_S, code: "frozen" }] };
}

/** Events take their place in their key's chain, and neither move nor hold up its days. */
function events(): ChainVector {
  const chain = new SampleChain(nobleSuite, undefined, "vector-events");
  const meter = chain.createMeter("352522395");
  chain.append(
    [
      chain.enrol(meter),
      chain.event(meter, START - 5 * DAY_S),
      chain.day(meter, START, START + DAY_S),
      chain.event(meter, START + DAY_S + 600),
    ],
    START + DAY_S,
  );
  chain.append([chain.day(meter, START + DAY_S, START + 2 * DAY_S)], START + 2 * DAY_S);
  const done = finishVector("events", chain);
  const time = START + 3 * DAY_S;
  const late = chain.event(meter, time + 601);
  return { ...done, refused: [{ record: late, time, code: "future" }] };
}

export function buildChainVectors(): ChainVectors {
  return {
    origin:
      "Made by test/support/chain-vectors.ts from seeds, with the noble suite; both suites reach the same verdicts.",
    chains: [
      ...[oneAuthority(), threeAuthorities(), equivocation(), events()],
      ...buildReadingVectors(),
    ],
  };
}
