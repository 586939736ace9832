/**
 * `no data`: the alarm that no record raises. By the clock, a meter is missed when its newest sealed day ended too long ago, or
 * when it has been offline too long; the alarm ends by itself when the meter has caught up.
 *
 * A slice of the meters is looked at in each tick, so that a million of them never hold up the writer. After a start nobody is
 * missed for a while: meters must have the time to send what they kept while the gateway was away.
 */
import { type Clock, unixNow } from "../../shared/base/clock.ts";
import type { GatewayConfig } from "../config.ts";
import type { RegistryEntry } from "../intake/registry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { AlarmVault } from "../vault/alarm-vault.ts";
import type { Presence } from "../vault/point-vault.ts";

export interface SilenceOptions {
  readonly alarms: Pick<AlarmVault, "raise" | "end">;
  /** All keys, of which the active ones are watched. */
  readonly entries: () => readonly RegistryEntry[];
  /** End of a key's newest day, unix seconds; of one without a day, when it was enrolled. */
  readonly heardUntil: (kid: string) => number | undefined;
  /** Meters of which an alarm is open, and who is offline since when, as the store has it. */
  readonly missed: Iterable<string>;
  readonly presences: Iterable<Presence>;
  /** Unix seconds of the gateway's clock. */
  readonly now: () => number;
  /** Real, monotonic. */
  readonly realMs: () => number;
  /** Seconds after the end of its newest day when a meter is missed; 0: never. */
  readonly silentAfterS: number;
  /** Seconds offline after which it is missed; 0: never. */
  readonly offlineAfterS: number;
  /** All that is raised and ended in a tick is one commit. */
  readonly transact: (work: () => void) => void;
}

/** Real time after a start in which nobody is missed. */
export const GRACE_MS = 600_000;
/** Meters looked at in a tick, and least real time from one look at all of them to the next. */
const SLICE = 500;
const ROUND_MS = 30_000;

const CODE = "no-data";

type Finding = { readonly meter: string; readonly detail: string | undefined };

export class SilenceDesk {
  readonly #options: SilenceOptions;
  readonly #missed: Set<string>;
  /** Since when a meter is offline; absent while it is not. */
  readonly #offlineSince = new Map<string, number>();
  readonly #startedMs: number;
  #next = 0;
  #roundMs = Number.NEGATIVE_INFINITY;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#missed = new Set(options.missed);
    this.#startedMs = options.realMs();
    for (const presence of options.presences) this.note(presence);
  }

  /** What a meter's status topic says. */
  note({ meter, online, at }: Presence): void {
    if (online) this.#offlineSince.delete(meter);
    else if (!this.#offlineSince.has(meter)) this.#offlineSince.set(meter, at);
  }

  /** Looks at the next slice. Call often. */
  pump(): void {
    const { realMs, entries, alarms, transact, now } = this.#options;
    if (realMs() - this.#startedMs < GRACE_MS) return;
    const all = entries();
    if (this.#next >= all.length) {
      if (realMs() - this.#roundMs < ROUND_MS) return;
      this.#roundMs = realMs();
      this.#next = 0;
    }
    const slice = all.slice(this.#next, this.#next + SLICE);
    this.#next += SLICE;
    const findings = slice.flatMap((entry) => this.#look(entry) ?? []);
    if (findings.length === 0) return;
    const at = now();
    transact(() => {
      for (const { meter, detail } of findings) {
        if (detail === undefined) alarms.end(CODE, meter, at);
        else alarms.raise({ code: CODE, meter, at, detail });
      }
    });
    for (const { meter, detail } of findings) {
      if (detail === undefined) this.#missed.delete(meter);
      else this.#missed.add(meter);
    }
  }

  /** What has changed about a meter, if anything has. */
  #look({ kid, meter, state }: RegistryEntry): Finding | undefined {
    // The key that a meter had before says nothing of the meter.
    if (state === "inactive") return undefined;
    const detail = state === "active" ? this.#missing(kid, meter) : undefined;
    return this.#missed.has(meter) === (detail !== undefined) ? undefined : { meter, detail };
  }

  /** Why a meter is missed, in words; undefined while it is not. */
  #missing(kid: string, meter: string): string | undefined {
    const { now, heardUntil, silentAfterS, offlineAfterS } = this.#options;
    const heard = heardUntil(kid);
    const offline = this.#offlineSince.get(meter);
    const isSilent = silentAfterS > 0 && heard !== undefined && now() - heard >= silentAfterS;
    const isOffline =
      offlineAfterS > 0 && offline !== undefined && now() - offline >= offlineAfterS;
    if (!isSilent && !isOffline) return undefined;
    const words: string[] = [];
    if (isSilent) words.push(`the last data ends ${utc(heard)}`);
    if (offline !== undefined) words.push(`offline since ${utc(offline)}`);
    return words.join("; ");
  }
}

/** The desk of a running gateway. */
export function openSilenceDesk(gateway: {
  readonly ledger: Ledger;
  readonly config: Pick<GatewayConfig, "no_data_hours" | "offline_hours">;
  readonly clock: Clock;
  readonly realMs: () => number;
  readonly entries: () => readonly RegistryEntry[];
}): SilenceDesk {
  const { ledger, config, clock, realMs, entries } = gateway;
  const enrolled = ledger.db.prepare<[string], { at: number }>(
    "SELECT at FROM enrolment WHERE kid = ? ORDER BY pos DESC LIMIT 1",
  );
  return new SilenceDesk({
    alarms: ledger.alarms,
    entries,
    heardUntil: (kid) => ledger.pending.get("device", kid)?.last_to ?? enrolled.get(kid)?.at,
    missed: ledger.alarms.metersOf(CODE),
    presences: ledger.vault.presences(),
    now: () => unixNow(clock),
    realMs,
    silentAfterS: config.no_data_hours * 3600,
    offlineAfterS: config.offline_hours * 3600,
    transact: (work) => ledger.db.transaction(work)(),
  });
}

/** "2024-01-14 23:00 UTC" */
function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
