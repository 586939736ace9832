/** Every sensor that a meter can have, one line each. */
import { ade7878 } from "./ade7878.ts";
import { aht20 } from "./aht20.ts";
import { bme280 } from "./bme280.ts";
import { d0 } from "./d0.ts";
import { dsmrP1 } from "./dsmr-p1.ts";
import { eastronSdm } from "./eastron-sdm.ts";
import { emon } from "./emon.ts";
import { espruinoClimate, espruinoHead } from "./espruino-head.ts";
import { hts221 } from "./hts221.ts";
import { ina219 } from "./ina219.ts";
import { ina226 } from "./ina226.ts";
import { ina260 } from "./ina260.ts";
import { pzem004t } from "./pzem-004t.ts";
import { rpict } from "./rpict.ts";
import { s0 } from "./s0.ts";
import { sht4x } from "./sht4x.ts";
import { sht31 } from "./sht31.ts";
import { sml } from "./sml.ts";

export const SENSORS = [
  pzem004t,
  eastronSdm,
  dsmrP1,
  sml,
  d0,
  rpict,
  emon,
  espruinoHead,
  espruinoClimate,
  s0,
  sht31,
  sht4x,
  aht20,
  bme280,
  hts221,
  ina219,
  ina226,
  ina260,
  ade7878,
] as const;
