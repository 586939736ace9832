/**
 * The retained `config` message of each meter: the newest enrol record, and the revoke records of devices that were
 * taken out, each with the proof that it is in the log.
 *
 * One topic serves the device that is there and those before it: each acts only on what names its own key. Published when
 * a record is final, and again after each start and reconnect, a few at a time, because a broker may forget. A meter
 * takes it from anybody: the proof speaks for itself.
 */
import { formatMeterConfig, type MeterConfig } from "../../shared/message/join.ts";
import type { Statement } from "../ledger/database.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Publication } from "./ledger-protocol.ts";

/** Messages made in one go. */
const SLICE = 64;

/** Revocations in a message, the newest: one that was swapped out so long ago has heard of it, or runs no more. */
const MOST_REVOKED = 8;

export class ConfigDesk {
  readonly #ledger: Ledger;
  readonly #topicOf: (meter: string) => string;
  readonly #enrolled: Statement<[number], { pos: number }>;
  readonly #revoked: Statement<[number, number], { pos: number }>;
  readonly #queue = new Set<string>();

  constructor(ledger: Ledger, topicOf: (meter: string) => string) {
    this.#ledger = ledger;
    this.#topicOf = topicOf;
    this.#enrolled = ledger.db.prepare(
      "SELECT pos FROM enrolment WHERE meter = ? ORDER BY pos DESC LIMIT 1",
    );
    this.#revoked = ledger.db.prepare(
      `SELECT pos FROM revoked WHERE kid IN (SELECT kid FROM enrolment WHERE meter = ?)
       ORDER BY pos DESC LIMIT ?`,
    );
  }

  /** These meters' messages are to be published. */
  repeat(meters: readonly { readonly meter: string }[]): void {
    for (const { meter } of meters) this.#queue.add(meter);
  }

  /** The next messages; a record that is not final yet is left out and comes with its block. */
  next(): Publication[] {
    const made: Publication[] = [];
    const chain = this.#ledger.state.chain.id;
    for (const meter of this.#queue) {
      if (made.length >= SLICE) break;
      this.#queue.delete(meter);
      const revoked = this.#revoked.all(Number(meter), MOST_REVOKED).reverse();
      const rows = [...this.#enrolled.all(Number(meter)), ...revoked];
      const records = rows.flatMap(({ pos }) => this.#prove(pos));
      if (records.length === 0) continue;
      const payload = formatMeterConfig({ chain, records });
      made.push({ topic: this.#topicOf(meter), payload, retain: true });
    }
    return made;
  }

  #prove(position: number): MeterConfig["records"] {
    const record = this.#ledger.line1(position);
    const receipt = this.#ledger.receipt(position, 0);
    return record === undefined || receipt === undefined ? [] : [{ record, receipt }];
  }
}
