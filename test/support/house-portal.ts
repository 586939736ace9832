/**
 * A billed month in a real store behind a real portal: people who sign in, orders that the ledger carries out, events that alarm.
 * in: nothing → out: a running portal, its house, and what a page would need of it.
 */
import { join } from "node:path";
import type { BillingDesk } from "../../gateway/app/billing-desk.ts";
import type { OfficeOptions } from "../../gateway/app/office.ts";
import { runOfficeCall } from "../../gateway/app/office-calls.ts";
import { exportBundle } from "../../gateway/bundle/export-bundle.ts";
import { decodeConfig } from "../../gateway/config.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { createReadModel } from "../../gateway/projection/read-model.ts";
import { Gate } from "../../gateway/web/access/gate.ts";
import { hashPassword } from "../../gateway/web/access/password.ts";
import type { Role } from "../../gateway/web/access/role.ts";
import { EventHub } from "../../gateway/web/live/event-hub.ts";
import { createPortal, type RunningPortal, startPortal } from "../../gateway/web/portal.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "./billed-house.ts";
import { seededBytes } from "./seeded-bytes.ts";

const LABELS = ["Ground floor, left", "الطابق الأول"] as const;

export class HousePortal {
  readonly house: BilledHouse;
  readonly portal: RunningPortal;
  /** Address of the page that makes the first operator. */
  readonly setUp: string;
  readonly #office: OfficeOptions;
  readonly #close: () => Promise<void>;

  private constructor(
    house: BilledHouse,
    office: OfficeOptions,
    started: { portal: RunningPortal; setUp: string; close: () => Promise<void> },
  ) {
    this.house = house;
    this.#office = office;
    this.portal = started.portal;
    this.setUp = started.setUp;
    this.#close = started.close;
  }

  static async open(): Promise<HousePortal> {
    const house = makeBilledHouse();
    const { ledger: t, meter } = house;
    const { ledger, keys, clock } = t;
    const random = seededBytes("house portal");
    t.meters.forEach(({ id }, i) => {
      for (const opening of ledger.vault.pointsOf(id)) {
        ledger.vault.putPoint({ ...opening, label: LABELS[i] ?? `Flat ${i + 1}` });
      }
    });
    t.hold(t.event(meter, "tamper", { before: "closed", after: "open" }));
    t.mine();
    const at = clock.wallMs() / 1000;
    ledger.vault.setOnline(t.meters.map(({ id }, i) => ({ meter: id, online: i === 0, at })));
    ledger.alarms.raise({
      code: "no-data",
      meter: t.meters[1]?.id ?? "",
      at,
      detail: "offline since 2024-01-31 11:00 UTC",
    });
    ledger.costs.add(
      Array.from({ length: ledger.tip().height }, (_, i) => ({
        ...{ height: i + 1, at: at - 86_400 * (32 - i), date: 20_240_101 + (i % 31), records: 2 },
        ...{ templateUs: 210, miningUs: 61_000 + ((i * 7_919) % 40_000), hashes: 1_048_576 },
        ...{ checkUs: 900 + ((i * 131) % 300), writeUs: 6_100 + ((i * 977) % 900) },
      })),
    );
    ledger.counters.add([{ code: "held", count: 64 }]);
    const config = decodeConfig({});
    const office: OfficeOptions = {
      ...{ ledger, suite: nodeSuite, keys, clock, randomBytes: random, config, brokerUrl: "" },
    };
    const db = openReadOnly(join(t.folder, "gateway.db"));
    const carryOut = async (method: string, parameters: unknown): Promise<unknown> =>
      runOfficeCall(office, undefined as unknown as BillingDesk, method, parameters, () => {});
    const gate = new Gate({
      users: ledger.users,
      office: carryOut,
      secret: random(32),
      randomBytes: random,
      now: () => Math.floor(Date.now() / 1000),
      monotonicMs: () => performance.now(),
      secure: false,
    });
    const setUp = gate.setUpPath() ?? "";
    const readModel = createReadModel(db, { suite: nodeSuite });
    const events = new EventHub({ overview: () => readModel.overview(), run: "test" });
    const app = createPortal({
      readModel,
      events,
      clock,
      suite: nodeSuite,
      gate,
      office: carryOut,
      onError: (error) => console.error(error),
      exportBundle: (no) => exportBundle(db, no, { suite: nodeSuite, recipient: keys.utility }),
    });
    const portal = await startPortal({ app, port: 0 });
    const close = async (): Promise<void> => {
      events.close();
      await portal.close();
      db.close();
      t.close();
    };
    return new HousePortal(house, office, { portal, setUp, close });
  }

  /** Password: "password of <name>". */
  async addUser(name: string, role: Role, meters: readonly string[] = []): Promise<void> {
    const password = await hashPassword(`password of ${name}`, seededBytes(name));
    this.house.ledger.ledger.users.putUser({ name, role, meters, password });
  }

  /** An order as the command line gives it, and the block that carries it. */
  order(method: string, parameters: unknown): void {
    runOfficeCall(this.#office, undefined as unknown as BillingDesk, method, parameters, () => {});
    this.house.ledger.mine();
  }

  async close(): Promise<void> {
    await this.#close();
  }
}
