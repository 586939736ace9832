/** Every sensor that a meter can have, one line each. */
import { eastronSdm } from "./eastron-sdm.ts";
import { emon } from "./emon.ts";
import { pzem004t } from "./pzem-004t.ts";
import { rpict } from "./rpict.ts";
import { sht31 } from "./sht31.ts";

export const SENSORS = [pzem004t, eastronSdm, rpict, emon, sht31] as const;
