/**
 * The thread for what takes long and only reads: sheets as PDF, bundles, statements. It has a read-only connection of its own, and does
 * one order after the other. In: orders. Out: results, or the code of what is wrong.
 */
import { parentPort, workerData } from "node:worker_threads";
import { isCoded } from "../../shared/base/error.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { exportBundle } from "../bundle/export-bundle.ts";
import { renderBillPdf } from "../export/bill-pdf.ts";
import type { BillSheet } from "../export/bill-sheet.ts";
import { openReadOnly } from "../ledger/database.ts";
import type { PeriodStatement, StatementQuery } from "../projection/period-statement-types.ts";
import { createReadModel } from "../projection/read-model.ts";

export interface HeavyThreadData {
  /** Path of the store. */
  readonly store: string;
  /** Opens what a bundle holds. */
  readonly utility: Pick<RecipientKey, "kid" | "secret">;
}

export interface HeavyOrders {
  readonly pdf: { readonly given: BillSheet; readonly result: Uint8Array<ArrayBuffer> };
  readonly statement: {
    readonly given: StatementQuery;
    readonly result: PeriodStatement | undefined;
  };
  readonly bundle: { readonly given: string; readonly result: string };
}

export type HeavyKind = keyof HeavyOrders;
type Doers = {
  readonly [K in HeavyKind]: (
    given: HeavyOrders[K]["given"],
  ) => HeavyOrders[K]["result"] | Promise<HeavyOrders[K]["result"]>;
};

export interface HeavyOrder {
  readonly kind: HeavyKind;
  readonly given: unknown;
}

export type HeavyAnswer =
  | { readonly result: unknown }
  | { readonly code: string; readonly message: string };

const port = parentPort;
if (port !== null) {
  const { store, utility } = workerData as HeavyThreadData;
  const db = openReadOnly(store);
  const model = createReadModel(db, { suite: nodeSuite });
  const doers: Doers = {
    pdf: renderBillPdf,
    statement: (query) => model.periodStatement(query),
    bundle: (no) => exportBundle(db, no, { suite: nodeSuite, recipient: utility }),
  };
  const answer = async ({ kind, given }: HeavyOrder): Promise<HeavyAnswer> => {
    try {
      return { result: await doers[kind](given as never) };
    } catch (error) {
      const code = isCoded(error) ? error.code : "internal";
      return { code, message: error instanceof Error ? error.message : String(error) };
    }
  };
  port.on("message", (order: HeavyOrder) => {
    void answer(order).then((done) => port.postMessage(done));
  });
}
