/**
 * The chain rules C2 to C4 and C6 for days, over numbers: what a key's and a point's last day was stands in arrays.
 *
 * It only ever says that a day follows the rules, and it says so only for plain cases. Where it does not, the caller
 * writes what stands here into the state (`flush`) and lets the rules of shared/chain judge, which also give the code.
 * A property test holds both to the same verdicts.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import type { ChainState } from "../../shared/chain/chain-state.ts";
import { MAX_AHEAD_S, MAX_DAY_S, MIN_DAY_S } from "../../shared/chain/rule/day.ts";
import { HASHES, LEAF_AT, NUMBERS, PREV_AT, type RecordFacts } from "./facts.ts";

const WORDS = 8;
const NEVER = -1;

export class DayFold {
  readonly #kids: string[] = [];
  readonly #noByKid = new Map<string, number>();
  readonly #pointNos = new Map<string, number>();
  readonly #pointIds: string[] = [];
  /** Of each key: what the state says as of `#epoch`, or newer where it is dirty. */
  #seq = new Float64Array(64);
  #lastTo = new Float64Array(64);
  #ended = new Uint8Array(64);
  #point = new Uint32Array(64);
  #leaf = new Uint32Array(64 * WORDS);
  #loaded = new Uint32Array(64);
  #isDirty = new Uint8Array(64);
  /** Records of each key in the block of that height. */
  #counted = new Uint32Array(64);
  #countedIn = new Float64Array(64).fill(NEVER);
  /** Of each point: end of its last day. */
  #pointTo = new Float64Array(64);
  #pointLoaded = new Uint32Array(64);
  #dirty: number[] = [];
  #epoch = 1;

  /** The key's number; a new one for a kid that has none. */
  numberOf(kid: string): number {
    let no = this.#noByKid.get(kid);
    if (no === undefined) {
      no = this.#kids.length;
      this.#kids.push(kid);
      this.#noByKid.set(kid, no);
      this.#reserve(no);
    }
    return no;
  }

  kidOf(no: number): string {
    return this.#kids[no] ?? "";
  }

  /** Counts one more record of a key in the block of this height: how many there are now. */
  countRecord(no: number, height: number): number {
    if (this.#countedIn[no] !== height) {
      this.#countedIn[no] = height;
      this.#counted[no] = 0;
    }
    const count = (this.#counted[no] as number) + 1;
    this.#counted[no] = count;
    return count;
  }

  /** Applies day `i` of `facts`; false, and nothing has changed: let the rules judge. */
  apply(state: ChainState, facts: RecordFacts, i: number, blockTime: number): boolean {
    const { numbers, words } = facts;
    const at = i * NUMBERS;
    const no = numbers[at] as number;
    if (this.#loaded[no] !== this.#epoch && !this.#load(state, no)) return false;
    const seq = numbers[at + 1] as number;
    const from = numbers[at + 2] as number;
    const to = numbers[at + 3] as number;
    const length = to - from;
    const lastTo = this.#lastTo[no] as number;
    const point = this.#point[no] as number;
    const follows =
      seq === (this.#seq[no] as number) + 1 &&
      this.#ended[no] === 0 &&
      length > 0 &&
      length <= MAX_DAY_S &&
      (lastTo === NEVER || from === lastTo) &&
      from >= (this.#pointTo[point] as number) &&
      to <= blockTime + MAX_AHEAD_S;
    if (!follows) return false;
    const own = no * WORDS;
    const leafAt = (i * HASHES + LEAF_AT) / 4;
    const prevAt = (i * HASHES + PREV_AT) / 4;
    const leaf = this.#leaf;
    for (let w = 0; w < WORDS; w++) {
      if (words[prevAt + w] !== leaf[own + w]) return false;
    }
    for (let w = 0; w < WORDS; w++) leaf[own + w] = words[leafAt + w] as number;
    this.#seq[no] = seq;
    this.#lastTo[no] = to;
    this.#ended[no] = length < MIN_DAY_S && lastTo !== NEVER ? 1 : 0;
    this.#pointTo[point] = to;
    if (this.#isDirty[no] === 0) {
      this.#isDirty[no] = 1;
      this.#dirty.push(no);
    }
    return true;
  }

  /** Writes what days have changed into the state, before anything else reads or changes it. */
  flush(state: ChainState): void {
    for (const no of this.#dirty) {
      this.#isDirty[no] = 0;
      const kid = this.kidOf(no);
      const point = this.#point[no] as number;
      const pointId = this.#pointIds[point] ?? "";
      const device = state.get("device", kid);
      const place = state.get("point", pointId);
      if (device === undefined || place === undefined) continue;
      const words = this.#leaf.subarray(no * WORDS, (no + 1) * WORDS);
      const leaf = encodeBase64url(new Uint8Array(words.buffer, words.byteOffset, 4 * WORDS));
      state.put("device", kid, {
        ...device,
        seq: this.#seq[no] as number,
        leaf,
        last_to: this.#lastTo[no] as number,
        ended: this.#ended[no] === 1 ? 1 : 0,
      });
      state.put("point", pointId, { ...place, last_to: this.#pointTo[point] as number });
    }
    this.#dirty = [];
    this.#epoch += 1;
  }

  /** Whether this is an active device of a known point on a chain that allows these payloads. */
  #load(state: ChainState, no: number): boolean {
    const device = state.get("device", this.kidOf(no));
    if (device?.status !== "active" || !state.chain.params.formats.includes(1)) return false;
    const place = state.get("point", device.point);
    if (place === undefined) return false;
    let point = this.#pointNos.get(device.point);
    if (point === undefined) {
      point = this.#pointIds.length;
      this.#pointIds.push(device.point);
      this.#pointNos.set(device.point, point);
      if (point >= this.#pointTo.length) {
        this.#pointTo = grow(this.#pointTo, new Float64Array(2 * point));
        this.#pointLoaded = grow(this.#pointLoaded, new Uint32Array(2 * point));
      }
    }
    if (this.#pointLoaded[point] !== this.#epoch) {
      this.#pointTo[point] = place.last_to;
      this.#pointLoaded[point] = this.#epoch;
    }
    this.#seq[no] = device.seq;
    this.#lastTo[no] = device.last_to ?? NEVER;
    this.#ended[no] = device.ended;
    this.#point[no] = point;
    const leaf = Uint8Array.from(decodeBase64url(device.leaf));
    this.#leaf.set(new Uint32Array(leaf.buffer), no * WORDS);
    this.#loaded[no] = this.#epoch;
    return true;
  }

  #reserve(no: number): void {
    if (no < this.#seq.length) return;
    const size = 2 * no;
    this.#seq = grow(this.#seq, new Float64Array(size));
    this.#lastTo = grow(this.#lastTo, new Float64Array(size));
    this.#ended = grow(this.#ended, new Uint8Array(size));
    this.#point = grow(this.#point, new Uint32Array(size));
    this.#leaf = grow(this.#leaf, new Uint32Array(size * WORDS));
    this.#loaded = grow(this.#loaded, new Uint32Array(size));
    this.#isDirty = grow(this.#isDirty, new Uint8Array(size));
    this.#counted = grow(this.#counted, new Uint32Array(size));
    this.#countedIn = grow(this.#countedIn, new Float64Array(size).fill(NEVER));
  }
}

function grow<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
