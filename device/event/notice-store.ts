/**
 * Notices: what happened to the meter, kept from the instant when it is known until it is in the log as an `event`
 * record (records.md sections 3 and 4) and then as long as receipts are.
 *
 * A notice carries boot and monotonic time like every reading; `at` is null while the civil time of its boot is not
 * known. All writing functions are called inside `transact`.
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { Journal } from "../journal/journal.ts";

export interface Notice {
  readonly code: string;
  /** 1 to 200 code points each. */
  readonly before?: string;
  readonly after?: string;
}

/** When something happened, as far as the meter knows. */
export interface NoticeTime {
  readonly boot: number;
  readonly monotonicMs: number;
  /** Absent while the clock is not known. */
  readonly at?: UnixSeconds;
}

/** A notice that can be sealed. */
export interface TimedNotice extends Notice {
  readonly id: number;
  readonly at: UnixSeconds;
}

export function insertNotice(journal: Journal, notice: Notice, time: NoticeTime): void {
  journal.run(
    "INSERT INTO notice (boot, mono, at, code, before, after) VALUES (?, ?, ?, ?, ?, ?)",
    time.boot,
    Math.floor(time.monotonicMs),
    time.at ?? null,
    notice.code,
    notice.before ?? null,
    notice.after ?? null,
  );
}

/**
 * The clock has become known: notices of this boot get their instant. Those of earlier boots, whose time nobody will
 * ever know, get `floor`, the newest instant that was known before them: they happened not earlier than that.
 */
export function dateNotices(
  journal: Journal,
  boot: number,
  anchorMs: number,
  floor: UnixSeconds,
): void {
  journal.run(
    "UPDATE notice SET at = (mono + ?) / 1000 WHERE at IS NULL AND boot = ?",
    Math.round(anchorMs),
    boot,
  );
  journal.run("UPDATE notice SET at = ? WHERE at IS NULL", floor);
}

/** The oldest that is not sealed and whose time is known. */
export function findUnsealedNotice(journal: Journal): TimedNotice | undefined {
  type Row = { id: number; at: number; code: string; before: string | null; after: string | null };
  const row = journal.get<Row>(
    "SELECT id, at, code, before, after FROM notice WHERE seq IS NULL AND at IS NOT NULL ORDER BY id LIMIT 1",
  );
  if (row === undefined) return undefined;
  const { before, after, ...rest } = row;
  return {
    ...rest,
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
  };
}

export function markSealed(journal: Journal, id: number, seq: number): void {
  journal.run("UPDATE notice SET seq = ? WHERE id = ?", seq, id);
}

/** How many notices of this code and boot were recorded at or after `monotonicMs`. */
export function countNotices(
  journal: Journal,
  code: string,
  boot: number,
  monotonicMs: number,
): number {
  const sql = "SELECT count(*) AS n FROM notice WHERE code = ? AND boot = ? AND mono >= ?";
  return journal.get<{ n: number }>(sql, code, boot, Math.floor(monotonicMs))?.n ?? 0;
}
