/** What readers see of a tariff. */
import type { JsonObject } from "../../shared/base/canonical-json.ts";

export interface TariffVersion {
  readonly id: string;
  readonly version: number;
  readonly leaf: string;
  readonly position: number;
  /** As signed; records of older programs may not have the form that tariffs have now. */
  readonly body: JsonObject;
}
