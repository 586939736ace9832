/** Worker of the portal's bench: the portal over a store, on a thread of its own as far from the reader as a gateway is. */
import { parentPort, workerData } from "node:worker_threads";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { createReadModel } from "../../gateway/projection/read-model.ts";
import { createPortal, startPortal } from "../../gateway/web/portal.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";

const db = openReadOnly((workerData as { readonly path: string }).path);
const readModel = createReadModel(db, { suite: nodeSuite });
const clock = new ManualClock(readModel.overview().tip.timeSeconds * 1000);
const portal = await startPortal({
  app: createPortal({
    readModel,
    clock,
    suite: nodeSuite,
    onError: (error) => {
      throw error;
    },
  }),
  port: 0,
});
parentPort?.postMessage(portal.url);
parentPort?.once("message", () => {
  void portal.close().then(() => db.close());
});
