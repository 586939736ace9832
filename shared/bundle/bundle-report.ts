/** What the verification of a bundle found, for people: each part is proved by what verify-bundle.ts checked. */
import type { UnixSeconds } from "../base/units.ts";
import type { DayPlaintext } from "../day/day-plaintext.ts";
import type { ExchangePlaintext } from "../day/exchange-plaintext.ts";
import type { BillPlaintext } from "../money/bill-plaintext.ts";
import type { Span } from "../time/civil-day.ts";

/** An opened day or correction of the period. */
export interface VerifiedReading {
  readonly position: number;
  readonly leaf: string;
  readonly typ: "day" | "correction";
  readonly kid: string;
  /** Name of the member that signed it; the kid of a meter key. */
  readonly signer: string;
  readonly day: DayPlaintext;
  /** Of a correction: a code that says why. */
  readonly reason?: string;
  /** Leaf of what it corrects; absent for a day and for a reading in the place of none. */
  readonly of?: string;
}

/** A day or correction of the period that the bundle does not open: whoever made it says that it cannot be used. */
export interface UnopenedReading extends Span {
  readonly position: number;
  readonly typ: "day" | "correction";
  readonly kid: string;
  readonly signer: string;
}

/** A meter that was put in the place of another. */
export interface VerifiedExchange {
  readonly position: number;
  readonly signer: string;
  readonly at: UnixSeconds;
  readonly old: string;
  readonly new: string;
  readonly exchange: ExchangePlaintext;
  /** Whether the registers are those of the devices' days, as far as these are in the bundle. */
  readonly isMatching: boolean;
}

/** A meter key that signs nothing more; its records above seq `last` count for nothing. */
export interface VerifiedRevocation {
  readonly position: number;
  readonly signer: string;
  readonly kid: string;
  readonly last: number;
  readonly reason: string;
}

/** What a credit counts otherwise than the bill or credit before it; without `before` it counts more, without `after` less. */
export interface ReadingChange extends Span {
  readonly before?: VerifiedReading;
  readonly after?: VerifiedReading;
}

export interface VerifiedCredit {
  readonly position: number;
  readonly leaf: string;
  readonly credit: BillPlaintext;
  readonly changes: readonly ReadingChange[];
}

/** One record of the bundle, its signature and inclusion verified. */
export interface VerifiedRecord {
  readonly position: number;
  readonly typ: string;
  readonly leaf: string;
  /** Name of the member, or the kid of the meter key, that signed it. */
  readonly signer: string;
  readonly proofLength: number;
}

export interface BundleReport {
  /** H: compare it with the chain id that you know. */
  readonly chain: string;
  readonly origin: string;
  /** Records of the log that the checkpoint covers. */
  readonly size: number;
  readonly gateways: readonly string[];
  readonly records: readonly VerifiedRecord[];
  /** All that are opened, in log order; also those that others have replaced. */
  readonly readings: readonly VerifiedReading[];
  /** Those that count in the last bill or credit of the bundle, by from. */
  readonly days: readonly VerifiedReading[];
  /** In log order. */
  readonly unopened: readonly UnopenedReading[];
  readonly exchanges: readonly VerifiedExchange[];
  readonly revocations: readonly VerifiedRevocation[];
  readonly bill: BillPlaintext;
  /** In log order; the last one is what the bundle is of, if there is any. */
  readonly credits: readonly VerifiedCredit[];
  /** H of the bundle's last record, the bill or credit that it is of. */
  readonly leaf: string;
}
