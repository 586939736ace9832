/** Test only: a meter's data folder that is ready to run, with a key and a join file; nothing listens at its broker. */
import { writeFileSync } from "node:fs";
import { type DataFolder, dataFolder, writeKey } from "../../device/run/data-folder.ts";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { createSigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { formatJoin } from "../../shared/message/join.ts";
import { netOf } from "../../shared/message/topic.ts";
import { makeTestFolder } from "./process.ts";
import { SampleChain } from "./sample-chain.ts";
import { seededBytes } from "./seeded-bytes.ts";

export interface MeterFolder extends DataFolder {
  readonly folder: string;
}

/** `meter`: nine digits that are a meter's id. */
export function prepareMeterFolder(
  meter: string,
  config: { readonly [name: string]: Json },
  broker = "mqtt://127.0.0.1:1",
): MeterFolder {
  const folder = makeTestFolder();
  const files = dataFolder(folder);
  const chain = new SampleChain(nobleSuite, undefined, "meter folder");
  const join = {
    v: 1 as const,
    chain: chain.chainId,
    genesis: chain.genesisLine,
    net: netOf(chain.chainId),
    zone: "000",
    meter,
    salt: encodeBase64url(new Uint8Array(32)),
    token: encodeBase64url(new Uint8Array(32)),
    broker,
    time_zone: "Europe/Berlin",
  };
  writeFileSync(files.join, formatJoin(join));
  writeKey(files.key, createSigningKey(nobleSuite, seededBytes(`meter folder ${meter}`)));
  writeFileSync(files.config, JSON.stringify(config));
  return { ...files, folder };
}
