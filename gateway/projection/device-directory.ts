/**
 * Which meter a device measures for, as the projection sees it: from the enrolments in the log and the openings in the
 * vault. Remembers what it has looked up.
 */
import type { Db, Statement } from "../ledger/database.ts";

export interface DeviceFacts {
  /** The nine digits as a number; undefined when the vault cannot open the point. */
  readonly meter?: number;
  /** IANA zone of the meter. */
  readonly zone: string;
  /** kids to which its line 2 must be sealed, sorted. */
  readonly recipients: readonly string[];
  /** Enrolled more than once: what was true at intake may not hold at a later position. */
  readonly moved: boolean;
}

interface EnrolmentRow {
  readonly meter: number | null;
  readonly point: string;
  readonly recipients: string;
  readonly zone: string | null;
}

export class DeviceDirectory {
  readonly #byKid = new Map<string, DeviceFacts>();
  readonly #enrolments: Statement<[string], EnrolmentRow>;

  constructor(db: Db) {
    this.#enrolments = db.prepare(
      `SELECT e.meter, e.point, e.recipients, v.zone FROM enrolment e
       LEFT JOIN vault_point v ON v.point = e.point WHERE e.kid = ? ORDER BY e.pos DESC LIMIT 2`,
    );
  }

  /** Facts of a device by its latest enrolment; undefined for a key that is no device's. */
  get(kid: string): DeviceFacts | undefined {
    const known = this.#byKid.get(kid);
    if (known !== undefined) return known;
    const [latest, earlier] = this.#enrolments.all(kid);
    if (latest === undefined) return undefined;
    const facts: DeviceFacts = {
      ...(latest.meter === null ? {} : { meter: latest.meter }),
      zone: latest.zone ?? "UTC",
      recipients: latest.recipients.split(","),
      moved: earlier !== undefined,
    };
    this.#byKid.set(kid, facts);
    return facts;
  }

  forget(kid: string): void {
    this.#byKid.delete(kid);
  }

  reset(): void {
    this.#byKid.clear();
  }
}
