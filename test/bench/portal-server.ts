/** Worker of the portal's bench: the portal over a store, on a thread of its own as far from the reader as a gateway is. */
import { parentPort, workerData } from "node:worker_threads";
import { HeavyClient } from "../../gateway/app/heavy-client.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { createReadModel } from "../../gateway/projection/read-model.ts";
import { createPortal, startPortal } from "../../gateway/web/portal.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";

const { path } = workerData as { readonly path: string };
const db = openReadOnly(path);
const readModel = createReadModel(db, { suite: nodeSuite });
const clock = new ManualClock(readModel.overview().tip.timeSeconds * 1000);
// No bundle is asked for, so no key is needed.
const work = new HeavyClient({ store: path, utility: { kid: "", secret: new Uint8Array(32) } });
const portal = await startPortal({
  app: createPortal({
    readModel,
    clock,
    suite: nodeSuite,
    work,
    onError: (error) => {
      throw error;
    },
  }),
  port: 0,
});
parentPort?.postMessage(portal.url);
parentPort?.once("message", () => {
  void portal
    .close()
    .then(() => work.close())
    .then(() => db.close());
});
