/**
 * The chains of `test/vectors/chain.json` that are about readings: void days, a meter swap, corrections, credits. Each
 * has the records that its next block must refuse, with their codes.
 */
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { hashLeaf } from "../../shared/record/record.ts";
import { type ChainVector, finishVector } from "./chain-vector.ts";
import { DAY_S, SampleChain, type SampleMeter, START } from "./sample-chain.ts";

const TIME = START + 30 * DAY_S;
const LATER = TIME + DAY_S;

const at = (n: number): number => START + n * DAY_S;
const leafOf = (line1: string): string => hashLeaf(nobleSuite, line1);

/** The period of day `n` at a meter's point. */
const spanOf = ({ point }: SampleMeter, n: number) => ({ point, from: at(n), to: at(n + 1) });

/** A chain of one member with a meter that is enrolled. */
function found(seed: string) {
  const chain = new SampleChain(nobleSuite, undefined, seed);
  const meter = chain.createMeter("352522395");
  const desk = chain.member(0).key;
  chain.append([chain.enrol(meter)], START);
  return { chain, meter, desk, days: daysOf(chain, meter) };
}

const daysOf = (chain: SampleChain, meter: SampleMeter) => (first: number, end: number) =>
  Array.from({ length: end - first }, (_, i) => chain.day(meter, at(first + i), at(first + i + 1)));

/** Another device at a meter's point. */
function successorOf(chain: SampleChain, { id, point }: SampleMeter): SampleMeter {
  return { ...chain.createMeter(id), point };
}

function refusals(chain: SampleChain) {
  const refused: ChainVector["refused"][number][] = [];
  const refuse = (code: string, ...[key, typ, own]: Parameters<SampleChain["trial"]>): void => {
    refused.push({ record: chain.trial(key, typ, own), time: LATER, code });
  };
  return { refused, refuse };
}

/** A key is revoked as of its second record: later days are void, corrected no more, and sealed again by the next key. */
function voidDays(): ChainVector {
  const { chain, meter, desk, days } = found("vector-void-days");
  const lines = days(0, 5);
  const [, second = "", third = "", fourth = ""] = lines.map(leafOf);
  chain.append(lines, TIME);
  const ofThird = chain.sealed(desk, "correction", { ...spanOf(meter, 2), of: third });
  const ofSecond = chain.sealed(meter.key, "correction", { ...spanOf(meter, 1), of: second });
  const over = chain.sealed(desk, "correction", { ...spanOf(meter, 1), of: leafOf(ofSecond) });
  chain.append([ofThird, ofSecond, over], TIME);
  const { kid } = meter.key;
  const revoke = chain.sign(desk, "revoke", { kid, last: 2, reason: "tampered" });
  const next = successorOf(chain, meter);
  const enrol = chain.enrol(next);
  chain.append([revoke, enrol, ...daysOf(chain, next)(2, 4)], TIME);
  const fill = chain.sealed(desk, "correction", spanOf(meter, 4));
  const again = chain.sealed(desk, "correction", { ...spanOf(meter, 1), of: leafOf(over) });
  chain.append([fill, again], TIME);
  const { refused, refuse } = refusals(chain);
  refuse("inactive-key", meter.key, "event", { at: TIME });
  refuse("inactive-key", desk, "revoke", { kid, last: 1, reason: "again" });
  refuse("reference", desk, "revoke", { kid: next.key.kid, last: 3, reason: "beyond" });
  refuse("reference", desk, "revoke", { kid: desk.kid, last: 0, reason: "member" });
  refuse("reference", desk, "correction", { ...spanOf(meter, 3), of: fourth });
  refuse("reference", desk, "correction", { ...spanOf(meter, 2), of: leafOf(ofThird) });
  refuse("reference", desk, "correction", { ...spanOf(meter, 1), of: leafOf(ofSecond) });
  refuse("overlap", desk, "correction", spanOf(meter, 3));
  refuse("overlap", desk, "correction", spanOf(meter, 1));
  const to = [{ key: chain.utility.jwk, use: "utility" as const }];
  refuse("known-key", desk, "enrol", { key: meter.key.jwk, point: chain.chainId, to });
  return finishVector("revoke: void days, sealed again", chain, { refused });
}

/** Two devices share a day, the exchange says so, and the second goes on. */
function swapAtNoon(): ChainVector {
  const { chain, meter, desk, days } = found("vector-swap-at-noon");
  const noon = at(1) + DAY_S / 2;
  chain.append([...days(0, 1), chain.day(meter, at(1), noon)], TIME);
  const { kid } = meter.key;
  const revoke = chain.sign(desk, "revoke", { kid, last: 2, reason: "swap" });
  const next = successorOf(chain, meter);
  const { point } = meter;
  const enrol = chain.enrol(next);
  const swap = { point, old: kid, new: next.key.kid, at: noon };
  const exchange = chain.sealed(desk, "exchange", swap);
  chain.append([revoke, enrol, exchange, chain.day(next, noon, at(2))], TIME);
  chain.append(daysOf(chain, next)(2, 3), TIME);
  const { refused, refuse } = refusals(chain);
  refuse("exchange", desk, "exchange", swap);
  refuse("exchange", desk, "exchange", { ...swap, old: swap.new, new: swap.old });
  refuse("point", desk, "exchange", { ...swap, point: chain.chainId });
  refuse("role", next.key, "exchange", swap);
  refuse("overlap", desk, "correction", { point, from: at(1), to: noon });
  return finishVector("exchange: a swap at noon", chain, { refused });
}

/** Corrections by meter and registrar, a fill, a correction of it, and a late day over it. */
function corrections(): ChainVector {
  const { chain, meter, desk, days } = found("vector-corrections");
  const lines = days(0, 3);
  const [first = "", second = ""] = lines.map(leafOf);
  const ofFirst = { ...spanOf(meter, 0), of: first };
  const byMeter = chain.sealed(meter.key, "correction", ofFirst);
  const byDesk = chain.sealed(desk, "correction", { ...ofFirst, of: leafOf(byMeter) });
  chain.append([...lines, byMeter, byDesk], TIME);
  const fill = chain.sealed(desk, "correction", spanOf(meter, 3));
  const ofFill = chain.sealed(desk, "correction", { ...spanOf(meter, 3), of: leafOf(fill) });
  const part = { point: meter.point, from: at(6), to: at(6) + 100 };
  chain.append([fill, ofFill, chain.sealed(desk, "correction", part), ...days(3, 4)], TIME);
  const { refused, refuse } = refusals(chain);
  refuse("reference", meter.key, "correction", { ...ofFirst, of: leafOf(byDesk) });
  refuse("reference", desk, "correction", { ...ofFirst, of: second });
  refuse("reference", desk, "correction", { ...ofFirst, to: at(1) - 1 });
  refuse("reference", desk, "correction", { ...ofFirst, of: chain.chainId });
  refuse("point", desk, "correction", { ...ofFirst, point: chain.chainId });
  refuse("period", desk, "correction", { ...ofFirst, to: at(0) });
  refuse("period", desk, "correction", { point: meter.point, from: at(8), to: at(8) + 100_801 });
  refuse("role", meter.key, "correction", spanOf(meter, 8));
  refuse("overlap", desk, "correction", { point: meter.point, from: at(4) - 1, to: at(4) + 1 });
  refuse("overlap", desk, "correction", { ...part, from: part.to - 1, to: at(7) });
  return finishVector("correction: by meter and registrar, a fill, a late day over it", chain, {
    refused,
  });
}

/** Two credits of a bill, and a payment for it. */
function credits(): ChainVector {
  const { chain, meter, desk } = found("vector-credits");
  const { point } = meter;
  const facts = { days: chain.chainId, n: 0 };
  const line = chain.sealed(desk, "bill", { ...spanOf(meter, 0), tariffs: [], ...facts });
  const bill = leafOf(line);
  const credit = chain.sealed(desk, "credit", { bill, ...facts });
  chain.append([line, credit], TIME);
  const payment = chain.sealed(desk, "payment", { point, bill });
  chain.append([payment, chain.sealed(desk, "credit", { bill, ...facts })], TIME);
  const { refused, refuse } = refusals(chain);
  refuse("reference", desk, "credit", { bill: leafOf(credit), ...facts });
  refuse("reference", desk, "payment", { point, bill: leafOf(credit) });
  refuse("role", meter.key, "credit", { bill, ...facts });
  return finishVector("credit: twice of one bill", chain, { refused });
}

export function buildReadingVectors(): readonly ChainVector[] {
  return [voidDays(), swapAtNoon(), corrections(), credits()];
}
