/** A house of swapped meters in a gateway's store, whose bills can be exported. in: a house, a folder → out: its ledger. */
import path from "node:path";
import { Ledger } from "../../gateway/ledger/ledger.ts";
import { createProjector } from "../../gateway/projection/projector.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { computeCt } from "../../shared/record/envelope.ts";
import { ZONE } from "./house-reading.ts";
import { seededBytes } from "./seeded-bytes.ts";
import type { SwappedHouse } from "./swapped-house.ts";

/** After every block of a house. */
const LATER_MS = 1_735_700_000_000;

export function storeHouse(house: SwappedHouse, folder: string): Ledger {
  const { chain, point, meter } = house;
  const [genesis, ...rest] = chain.blocks;
  const { key: signing, note } = chain.member(0);
  if (genesis === undefined || note === undefined) throw new Error("a house without a gateway");
  const ledger = Ledger.create({
    path: path.join(folder, "gateway.db"),
    suite: nodeSuite,
    keys: { signing, note },
    clock: new ManualClock(LATER_MS),
    randomBytes: seededBytes("house store"),
    projector: createProjector({ suite: nodeSuite, utility: chain.utility }),
    genesis,
  });
  const salt = house.bills[0]?.plaintext.opening ?? "";
  ledger.vault.putPoint({ point, meter, salt, zone: ZONE });
  const lines2 = new Map(chain.blobs.map((line2) => [computeCt(nodeSuite, line2), line2]));
  for (const block of rest) ledger.append(block, lines2);
  return ledger;
}
