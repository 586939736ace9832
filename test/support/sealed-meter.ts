/**
 * A meter reduced to its seal: a key and its chain of day envelopes, for tests of the gateway and for load.
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { Json, JsonObject } from "../../shared/base/canonical-json.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import { createSigningKey, type SigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { formatJoinRequest, parseJoin } from "../../shared/message/join.ts";
import { signRequest } from "../../shared/message/request.ts";
import { computeCt, computePt, joinEnvelope } from "../../shared/record/envelope.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { computeLeaf, signRecord } from "../../shared/record/record.ts";
import { type Recipient, sealLine2 } from "../../shared/record/sealed-box.ts";
import { dayBounds, localDayOf, nextLocalDay } from "../../shared/time/civil-day.ts";

const ZONE = "Europe/Berlin";
const STEP = 900;

export interface SealedDay {
  readonly seq: number;
  readonly leaf: string;
  readonly line1: string;
  readonly line2: string;
  readonly envelope: Uint8Array;
  /** What was sealed. */
  readonly plaintext: { readonly from: number; readonly to: number; readonly [name: string]: Json };
}

export class SealedMeter {
  readonly id: string;
  readonly key: SigningKey;
  readonly #randomBytes: RandomBytes;
  recipients: readonly Recipient[] = [];
  #date = "2024-01-01";
  /** Where its next day begins; midnight unless it was put in later. */
  #from = 0;
  #register = 1000;
  seq = 0;
  prev = "";
  /** P, from the join file. */
  point = "";

  constructor(id: string, randomBytes: RandomBytes, key?: SigningKey) {
    this.id = id;
    this.#randomBytes = randomBytes;
    this.key = key ?? createSigningKey(nodeSuite, randomBytes);
  }

  /** Measures from here on, with this register. */
  putIn(from: number, register: number): void {
    this.#date = localDayOf(ZONE, from);
    this.#from = from;
    this.#register = register;
  }

  get register(): number {
    return this.#register;
  }

  /** The request file that answers a join file. */
  request(joinFile: string): string {
    const join = parseJoin(joinFile);
    this.point = computePoint(nodeSuite, join.meter, decodeBase64url(join.salt));
    const req = signRequest(nodeSuite, this.key, {
      chain: join.chain,
      token: decodeBase64url(join.token),
    });
    return formatJoinRequest({ v: 1, key: this.key.jwk, req });
  }

  /** After its enrol record: where its chain begins, and for whom it seals. */
  enrolled(leaf: string, recipients: readonly Recipient[]): void {
    this.prev = leaf;
    this.recipients = recipients;
  }

  /**
   * Seals the next day; `change` alters the plaintext before it is sealed, `keep` leaves the meter where it is, so
   * that the next call makes another record for the same place. `until`: the day's end, where it ends before midnight.
   */
  sealDay(change: Readonly<Record<string, Json>> = {}, keep = false, until?: number): SealedDay {
    const bounds = dayBounds(ZONE, this.#date) as { from: number; to: number };
    const from = Math.max(bounds.from, this.#from);
    const to = until ?? bounds.to;
    const slots = (to - from) / STEP;
    const random = this.#randomBytes(slots);
    const wh = Array.from({ length: slots }, (_, i) => (random[i] as number) * 2);
    const sum = wh.reduce((a, b) => a + b, 0);
    const plaintext = {
      v: 1,
      meter: this.id,
      salt: encodeBase64url(this.#randomBytes(32)),
      day: this.#date,
      zone: ZONE,
      tz: "2024a",
      ...{ from, to, step: STEP, wh },
      quality: "M".repeat(slots),
      register: [this.#register, this.#register + sum],
      events: [],
      clock: [],
      fw: encodeBase64url(new Uint8Array(32)),
      ...change,
    };
    const sealed = this.#seal("day", plaintext, { from, to }, slots, keep);
    if (!keep) {
      this.#register += sum;
      this.#date = nextLocalDay(ZONE, this.#date);
    }
    return { ...sealed, plaintext };
  }

  /** Corrects a day that it sealed; `change` alters the plaintext, `own` the payload. */
  sealCorrection(
    { leaf: of, plaintext: day }: SealedDay,
    change: Readonly<Record<string, Json>> = {},
    own: Readonly<Record<string, Json>> = {},
    keep = false,
  ): SealedDay {
    const { from, to } = day;
    const plaintext = { ...day, reason: "calibration", ...change };
    const slots = (to - from) / STEP;
    const payload = { point: this.point, from, to, of, ...own };
    return { ...this.#seal("correction", plaintext, payload, slots, keep), plaintext };
  }

  #seal(
    typ: "day" | "correction",
    body: JsonObject,
    own: JsonObject,
    slots: number,
    keep: boolean,
  ): Omit<SealedDay, "plaintext"> {
    const plaintext = encodeUtf8(padPlaintext(body, slots));
    const line2 = sealLine2(nodeSuite, {
      typ,
      plaintext,
      signer: this.key.kid,
      recipients: this.recipients,
      randomBytes: this.#randomBytes,
    });
    const seq = this.seq + 1;
    const line1 = signRecord(nodeSuite, this.key, typ, {
      v: 1,
      ...{ seq, prev: this.prev },
      ct: computeCt(nodeSuite, line2),
      pt: computePt(nodeSuite, plaintext),
      ...own,
    } as never);
    const leaf = encodeBase64url(computeLeaf(nodeSuite, line1));
    if (!keep) {
      this.seq = seq;
      this.prev = leaf;
    }
    return { seq, leaf, line1, line2, envelope: joinEnvelope({ line1, line2 }) };
  }
}
