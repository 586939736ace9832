/**
 * The retained `config` message of each meter: its enrol record with the proof that it is in the log.
 *
 * Published when the record is final, and again after each start and reconnect, a few at a time, because a broker
 * may forget. A meter takes it from anybody: the proof speaks for itself.
 */
import { formatMeterConfig } from "../../shared/message/join.ts";
import type { Statement } from "../ledger/database.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Publication } from "./ledger-protocol.ts";

/** Messages made in one go. */
const SLICE = 64;

export interface ConfiguredMeter {
  readonly meter: string;
  readonly kid: string;
}

export class ConfigDesk {
  readonly #ledger: Ledger;
  readonly #topicOf: (meter: string) => string;
  readonly #position: Statement<[string], { pos: number }>;
  readonly #queue = new Map<string, ConfiguredMeter>();

  constructor(ledger: Ledger, topicOf: (meter: string) => string) {
    this.#ledger = ledger;
    this.#topicOf = topicOf;
    this.#position = ledger.db.prepare(
      "SELECT pos FROM enrolment WHERE kid = ? ORDER BY pos DESC LIMIT 1",
    );
  }

  /** These meters' messages are to be published. */
  repeat(meters: readonly ConfiguredMeter[]): void {
    for (const one of meters) this.#queue.set(one.kid, one);
  }

  /** The next messages; a record that is not final yet is left out and comes with its block. */
  next(): Publication[] {
    const made: Publication[] = [];
    for (const [kid, { meter }] of this.#queue) {
      if (made.length >= SLICE) break;
      this.#queue.delete(kid);
      const position = this.#position.get(kid)?.pos;
      const record = position === undefined ? undefined : this.#ledger.line1(position);
      if (position === undefined || record === undefined) continue;
      const receipt = this.#ledger.receipt(position, 0);
      if (receipt === undefined) continue;
      const chain = this.#ledger.state.chain.id;
      const payload = formatMeterConfig({ chain, records: [{ record, receipt }] });
      made.push({ topic: this.#topicOf(meter), payload, retain: true });
    }
    return made;
  }
}
