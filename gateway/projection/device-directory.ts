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
  /** Its days may share a date with other readings: the meter has had several enrolments, or corrections. */
  readonly isBeside: boolean;
}

/** A metering point by its latest enrolment. */
export type PlaceFacts = Pick<DeviceFacts, "meter" | "zone" | "recipients">;

interface EnrolmentRow {
  readonly meter: number | null;
  readonly point: string;
  readonly recipients: string;
  readonly zone: string | null;
}

export class DeviceDirectory {
  readonly #byKid = new Map<string, DeviceFacts>();
  readonly #enrolments: Statement<[string], EnrolmentRow>;
  readonly #ofPoint: Statement<[string, number], EnrolmentRow>;
  readonly #kids: Statement<[number], { kid: string }>;
  readonly #isBeside: Statement<[number, number], { beside: number }>;

  constructor(db: Db) {
    this.#enrolments = db.prepare(
      `SELECT e.meter, e.point, e.recipients, v.zone FROM enrolment e
       LEFT JOIN vault_point v ON v.point = e.point WHERE e.kid = ? ORDER BY e.pos DESC LIMIT 2`,
    );
    this.#ofPoint = db.prepare(
      `SELECT e.meter, e.point, e.recipients, v.zone FROM enrolment e
       LEFT JOIN vault_point v ON v.point = e.point WHERE e.point = ? AND e.pos < ?
       ORDER BY e.pos DESC LIMIT 1`,
    );
    this.#kids = db.prepare("SELECT kid FROM enrolment WHERE meter = ?");
    this.#isBeside = db.prepare(
      `SELECT (SELECT count(*) FROM enrolment WHERE meter = ?) > 1
         OR EXISTS (SELECT 1 FROM correction WHERE meter = ?) AS beside`,
    );
  }

  /** Facts of a device by its latest enrolment; undefined for a key that is no device's. */
  get(kid: string): DeviceFacts | undefined {
    const known = this.#byKid.get(kid);
    if (known !== undefined) return known;
    const [latest, earlier] = this.#enrolments.all(kid);
    if (latest === undefined) return undefined;
    const { meter } = latest;
    const facts: DeviceFacts = {
      ...toPlace(latest),
      moved: earlier !== undefined,
      isBeside: meter !== null && this.#isBeside.get(meter, meter)?.beside === 1,
    };
    this.#byKid.set(kid, facts);
    return facts;
  }

  /** Facts of a point by its latest enrolment before a position. */
  ofPoint(point: string, position: number): PlaceFacts | undefined {
    const latest = this.#ofPoint.get(point, position);
    return latest === undefined ? undefined : toPlace(latest);
  }

  /** Something other than a day has come for this meter. */
  forgetMeter(meter: number): void {
    for (const { kid } of this.#kids.all(meter)) this.forget(kid);
  }

  forget(kid: string): void {
    this.#byKid.delete(kid);
  }

  reset(): void {
    this.#byKid.clear();
  }
}

function toPlace({ meter, zone, recipients }: EnrolmentRow): PlaceFacts {
  return {
    ...(meter === null ? {} : { meter }),
    zone: zone ?? "UTC",
    recipients: recipients.split(","),
  };
}
