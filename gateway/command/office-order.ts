/**
 * An order to the office of a data folder: over the control socket while a gateway runs on it, else on the store
 * itself. The folder's lock decides which, so two never write one store.
 */
import { createClock, parseClockSpec } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { createBillingDesk } from "../app/billing-desk.ts";
import { askGateway } from "../app/control-client.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { readConfig } from "../app/founding.ts";
import type { OfficeOptions } from "../app/office.ts";
import { runOfficeCall } from "../app/office-calls.ts";
import { openExisting } from "../app/open-store.ts";
import { lockStore } from "../app/store-lock.ts";
import { systemClock, systemRandomBytes } from "../app/system-clock.ts";

export interface OrderPlace {
  /** Data folder. */
  readonly data: string;
  /** Clock specification; only for work on the store itself. */
  readonly clock: string;
}

/** Carries out one order and returns its result. Throws `no-gateway`, `store-locked` or the order's own code. */
export async function orderOffice(
  place: OrderPlace,
  method: string,
  parameters: unknown,
): Promise<unknown> {
  const folder = locateDataFolder(place.data);
  const clock = createClock(parseClockSpec(place.clock), systemClock);
  const answer = await askGateway(folder.control, method, parameters);
  if (answer !== undefined) return answer.result;
  const config = readConfig(folder);
  const suite = nodeSuite;
  const randomBytes = systemRandomBytes;
  const lock = lockStore(folder.root);
  try {
    const { ledger, keys } = openExisting(folder, config, { suite, clock, randomBytes });
    try {
      const brokerUrl =
        config.broker_public_url ||
        config.broker_url ||
        `mqtt://${config.broker_host}:${config.broker_port}`;
      const office: OfficeOptions = {
        ...{ ledger, suite, keys, clock, randomBytes, config, brokerUrl },
      };
      const billing = createBillingDesk(office, () => {}, systemClock.monotonicMs);
      return runOfficeCall(office, billing, method, parameters, () => {});
    } finally {
      ledger.close();
    }
  } finally {
    lock.release();
  }
}
