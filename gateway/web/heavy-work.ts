/**
 * What takes longer than one request may keep all others waiting: sheets as PDF, bundles, statements of long periods. A running
 * gateway does it on a thread of its own (app/heavy-client.ts); what may be asked by whom is decided before.
 */
import { renderBillPdf } from "../export/bill-pdf.ts";
import type { BillSheet } from "../export/bill-sheet.ts";
import type { PeriodStatement, StatementQuery } from "../projection/period-statement-types.ts";
import type { ReadModel } from "../projection/read-model-types.ts";

export interface HeavyWork {
  /** A sheet as PDF. */
  printSheet(sheet: BillSheet): Promise<Uint8Array<ArrayBuffer>>;
  /** As the read model's; throws its codes. */
  periodStatement(query: StatementQuery): Promise<PeriodStatement | undefined>;
}

/** On the caller's own thread: for tests, and for a portal over another read model than a store's. */
export function createOwnWork(readModel: ReadModel): HeavyWork {
  return {
    printSheet: renderBillPdf,
    periodStatement: async (query) => readModel.periodStatement(query),
  };
}
