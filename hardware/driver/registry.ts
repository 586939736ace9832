/** Every sensor that a meter can have, one line each. */
import { pzem004t } from "./pzem-004t.ts";
import { sht31 } from "./sht31.ts";

export const SENSORS = [pzem004t, sht31] as const;
