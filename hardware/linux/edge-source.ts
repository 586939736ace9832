/** What watches an input pin and tells each of its edges, over sysfs or by `gpiomon`. */
import type { WattproofError } from "../../shared/base/error.ts";
import type { Edge } from "./pulse-filter.ts";

export interface EdgeListener {
  onEdge(edge: Edge): void;
  /** Edges may have been missed. */
  onGap(): void;
}

export interface EdgeSource {
  /** Why no edges can be seen now: `sensor-gone`, `sensor-busy`. */
  failure(): WattproofError | undefined;
  /** Idempotent. */
  close(): Promise<void>;
}
