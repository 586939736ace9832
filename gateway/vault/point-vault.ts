/**
 * The vault's openings: which meter a point is (records.md section 2), and the enrolments that were begun.
 *
 * On the chain a point is a salted hash. Its opening {meter, salt} lives here and in bill bundles; destroying it
 * makes all records of the point anonymous for ever. Openings are written before the `enrol` record that uses them.
 */
import type { Db, Statement } from "../ledger/database.ts";

export interface PointOpening {
  /** P, H. */
  readonly point: string;
  /** Nine digits. */
  readonly meter: string;
  /** H: the raw 32 bytes that salt the point. */
  readonly salt: string;
  /** IANA zone of the meter. */
  readonly zone: string;
  readonly latitudeE7?: number;
  readonly longitudeE7?: number;
  /** Free text of the operator. */
  readonly label?: string;
}

/** Whether a meter is connected, and since when that is known (unix seconds). */
export interface Presence {
  readonly meter: string;
  readonly online: boolean;
  readonly at: number;
}

interface PointRow {
  readonly point: string;
  readonly meter: string;
  readonly salt: string;
  readonly zone: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly label: string | null;
}

export class PointVault {
  readonly #db: Db;
  readonly #put: Statement<(string | number | null)[]>;
  readonly #get: Statement<[string], PointRow>;
  readonly #byMeter: Statement<[string], PointRow>;
  readonly #all: Statement<[], PointRow>;
  readonly #putToken: Statement<[string, string, number]>;
  readonly #takeToken: Statement<[string]>;
  readonly #token: Statement<[string], { point: string }>;
  readonly #presences: Statement<[], { meter: string; online: number; at: number }>;
  readonly #putOnline: Statement<[string, number, number]>;

  constructor(db: Db) {
    this.#db = db;
    this.#put = db.prepare(
      "INSERT OR REPLACE INTO vault_point (point, meter, salt, zone, latitude, longitude, label) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#get = db.prepare("SELECT * FROM vault_point WHERE point = ?");
    this.#byMeter = db.prepare("SELECT * FROM vault_point WHERE meter = ? ORDER BY point");
    this.#all = db.prepare("SELECT * FROM vault_point ORDER BY point");
    this.#putToken = db.prepare(
      "INSERT OR REPLACE INTO vault_token (token, point, made) VALUES (?, ?, ?)",
    );
    this.#takeToken = db.prepare("DELETE FROM vault_token WHERE token = ?");
    this.#token = db.prepare("SELECT point FROM vault_token WHERE token = ?");
    this.#presences = db.prepare("SELECT meter, online, at FROM vault_online");
    this.#putOnline = db.prepare(
      `INSERT INTO vault_online (meter, online, at) VALUES (?, ?, ?) ON CONFLICT (meter) DO UPDATE SET
       at = CASE WHEN online = excluded.online THEN at ELSE excluded.at END, online = excluded.online`,
    );
  }

  putPoint(opening: PointOpening): void {
    const { point, meter, salt, zone, latitudeE7, longitudeE7, label } = opening;
    this.#put.run(point, meter, salt, zone, latitudeE7 ?? null, longitudeE7 ?? null, label ?? null);
  }

  point(point: string): PointOpening | undefined {
    const row = this.#get.get(point);
    return row === undefined ? undefined : toOpening(row);
  }

  /** All openings of a meter id; more than one after its salt was changed. */
  pointsOf(meter: string): readonly PointOpening[] {
    return this.#byMeter.all(meter).map(toOpening);
  }

  points(): readonly PointOpening[] {
    return this.#all.all().map(toOpening);
  }

  /** Remembers a one-time token that was handed out for a point; `token` = H of SHA-256 of the token. */
  putToken(token: string, point: string, madeAt: number): void {
    this.#putToken.run(token, point, madeAt);
  }

  /** The point for which a token was handed out and not used. */
  pointOfToken(token: string): string | undefined {
    return this.#token.get(token)?.point;
  }

  /** The token is used, or withdrawn. */
  dropToken(token: string): void {
    this.#takeToken.run(token);
  }

  /** What is known of every meter that ever said something. */
  presences(): readonly Presence[] {
    return this.#presences.all().map(({ online, ...rest }) => ({ ...rest, online: online === 1 }));
  }

  /** What the retained status topics say, in one transaction. */
  setOnline(presences: Iterable<Presence>): void {
    this.#db.transaction(() => {
      for (const { meter, online, at } of presences) this.#putOnline.run(meter, online ? 1 : 0, at);
    })();
  }
}

function toOpening(row: PointRow): PointOpening {
  const { point, meter, salt, zone, latitude, longitude, label } = row;
  return {
    point,
    meter,
    salt,
    zone,
    ...(latitude === null || longitude === null
      ? {}
      : { latitudeE7: latitude, longitudeE7: longitude }),
    ...(label === null ? {} : { label }),
  };
}
