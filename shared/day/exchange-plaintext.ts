/**
 * The opened exchange of a meter (records.md section 4): what the old one's register showed last, what the new one's showed
 * first, and what nobody measured between them.
 *
 * In:  JSON of unknown shape. Out: the typed exchange, or `schema` naming the path. Wh throughout. Whether the registers are
 *      those of the devices' days is a local rule: a mismatch is told, it changes nothing that is billed.
 */
import { code, type Decoded, natural, object } from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import type { WattHour } from "../base/units.ts";
import { plaintextFields } from "./day-plaintext.ts";

export const decodeExchangePlaintext = object({
  ...plaintextFields,
  final: natural,
  first: natural,
  unmetered: natural,
  reason: code,
});

export type ExchangePlaintext = Decoded<typeof decodeExchangePlaintext>;

/** What the devices' own days say; undefined where no day is known. */
export interface ExchangedRegisters {
  /** Register at the end of the old device's last day that ends at or before the exchange. */
  readonly final: WattHour | undefined;
  /** Register at the beginning of the new device's first day. */
  readonly first: WattHour | undefined;
}

/** Throws `exchange-register`. */
export function checkExchange(exchange: ExchangePlaintext, known: ExchangedRegisters): void {
  for (const name of ["final", "first"] as const) {
    const expected = known[name];
    if (expected === undefined || expected === exchange[name]) continue;
    fail("exchange-register", `the exchange's ${name} register is not that of the device's days`, {
      said: exchange[name],
      day: expected,
    });
  }
}
