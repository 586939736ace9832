/** Opens what a configuration names. Only here the kinds of source meet. */
import type { OpenedSource } from "./source.ts";
import type { SourceConfig } from "./source-config.ts";

export interface SourceContext {
  /** The meter's IANA zone. */
  readonly zone: string;
}

/** Throws `sensor-gone`, `sensor-busy`, `hardware-module`, `replay-file`, `replay-column`. */
export async function openSources(
  _configs: readonly SourceConfig[],
  _context: SourceContext,
): Promise<OpenedSource> {
  throw new Error("being built");
}
