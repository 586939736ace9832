/**
 * The data folder of a meter that is on its own: a key, a join file of a sample chain, nobody at its broker's address;
 * enrolled, if asked for, so that it seals.
 */
import { writeFileSync } from "node:fs";
import { Journal } from "../../device/journal/journal.ts";
import { storeEnrolment } from "../../device/journal/outbox-store.ts";
import { type DataFolder, dataFolder, writeKey } from "../../device/run/data-folder.ts";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import {
  createRecipientKey,
  createSigningKey,
  type RecipientKey,
} from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { formatJoin } from "../../shared/message/join.ts";
import { netOf } from "../../shared/message/topic.ts";
import { makeTestFolder } from "./process.ts";
import { SampleChain } from "./sample-chain.ts";
import { seededBytes } from "./seeded-bytes.ts";

export const LONE_METER = "352522395";

export interface LoneMeter {
  readonly files: DataFolder;
  readonly utility: RecipientKey;
  readonly kid: string;
}

export function prepareLoneMeter(config: unknown, zone = "Europe/Berlin"): LoneMeter {
  const folder = makeTestFolder();
  const files = dataFolder(folder);
  const random = seededBytes("lone meter");
  const chain = new SampleChain(nobleSuite, undefined, "lone meter");
  const join = formatJoin({
    v: 1,
    chain: chain.chainId,
    genesis: chain.genesisLine,
    net: netOf(chain.chainId),
    zone: "000",
    meter: LONE_METER,
    salt: encodeBase64url(new Uint8Array(32)),
    token: encodeBase64url(new Uint8Array(32)),
    broker: "mqtt://127.0.0.1:1",
    time_zone: zone,
  });
  writeFileSync(files.join, join);
  writeFileSync(files.config, JSON.stringify(config));
  const key = createSigningKey(nobleSuite, random);
  writeKey(files.key, key);
  return { files, utility: createRecipientKey(nobleSuite, random), kid: key.kid };
}

/** As the gateway's config message would. */
export function enrolLoneMeter({ files, utility }: LoneMeter): void {
  const journal = new Journal(files.journal);
  const leaf = encodeBase64url(new Uint8Array(32));
  const recipients = [{ kid: utility.kid, key: utility.jwk.x }];
  journal.transact("enrolment", () => storeEnrolment(journal, { leaf, position: 1, recipients }));
  journal.close();
}
