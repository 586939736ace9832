/** Test only: the portal over a seeded read model, as an app or behind a real port. */
import type { Hono } from "hono";
import { createPortal, type PortalOptions } from "../../gateway/web/portal.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { createFakeReadModel } from "./fake-read-model.ts";
import type { FakeOptions } from "./fake-village.ts";

export const FIRST_METER = "352522395";

export function createTestPortal(
  village: FakeOptions = {},
  options: Partial<PortalOptions> = {},
): Hono {
  const readModel = createFakeReadModel(village);
  return createPortal({
    readModel,
    clock: new ManualClock(readModel.overview().tip.timeSeconds * 1000),
    suite: nodeSuite,
    ...options,
  });
}

/** Text that would do harm if any page printed it as markup. */
export const HOSTILE_TEXT = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>{{7*7}}'--`;
