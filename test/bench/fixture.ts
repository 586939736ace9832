/**
 * The bench's input: a chain of two blocks in which all meters are enrolled, and their sealed envelopes.
 *
 * Made once by the real code and kept under `.build/bench/<hash of the recipe>/`, because sealing 182,000 days takes
 * longer than everything that is measured. The gateway's store is made anew for each run, from the kept blocks.
 */
import { createHash, randomBytes as nodeRandomBytes } from "node:crypto";
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { Worker } from "node:worker_threads";
import { locateDataFolder } from "../../gateway/app/data-folder.ts";
import { readKeys } from "../../gateway/app/key-file.ts";
import { assignTariff, issueConfiguredTariff } from "../../gateway/app/office.ts";
import { openOrFound } from "../../gateway/app/open-store.ts";
import { decodeConfig } from "../../gateway/config.ts";
import { loadNativeHash } from "../../gateway/ledger/batch-hash.ts";
import { Ledger } from "../../gateway/ledger/ledger.ts";
import { CONTROL_WORDS, mine } from "../../gateway/ledger/mine.ts";
import { createProjector } from "../../gateway/projection/projector.ts";
import type { PointOpening } from "../../gateway/vault/point-vault.ts";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import { formatDumpLine, parseDumpLine } from "../../shared/chain/dump.ts";
import {
  createRecipientKey,
  createSigningKey,
  decodeOkpKey,
  type SigningKey,
} from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import { signRequest } from "../../shared/message/request.ts";
import { netOf } from "../../shared/message/topic.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import { dayBounds } from "../../shared/time/civil-day.ts";
import { projectRoot } from "../support/project-root.ts";
import { GATEWAY_CONFIG, type Recipe } from "./recipe.ts";
import type { SealedDays, SealOrder } from "./seal-worker.ts";

/** Raise when the way in which the input is made changes. */
const FIXTURE_VERSION = 1;

export interface FixtureMeter {
  /** Nine digits. */
  readonly meter: string;
  readonly jwk: EcPublicJwk;
}

/** `fixture.json`. */
interface Manifest {
  readonly net: string;
  readonly zone: string;
  readonly meters: readonly FixtureMeter[];
  readonly envelopes: number;
  /** Records in the log before the run. */
  readonly logSize: number;
}

export interface Fixture extends Manifest {
  readonly folder: string;
  /** All envelopes day by day: u32 number of the meter ‖ u32 length ‖ envelope, big-endian. */
  readonly envelopesFile: string;
}

export interface FixtureEnvelope {
  /** Index in `meters`. */
  readonly meter: number;
  readonly bytes: Buffer;
}

/** The envelopes in the file's order. */
export function* readEnvelopes(file: string): Generator<FixtureEnvelope> {
  const all = readFileSync(file);
  for (let at = 0; at < all.length; ) {
    const meter = all.readUInt32BE(at);
    const length = all.readUInt32BE(at + 4);
    yield { meter, bytes: all.subarray(at + 8, at + 8 + length) };
    at += 8 + length;
  }
}

const randomBytes = (length: number): Uint8Array => new Uint8Array(nodeRandomBytes(length));

function folderOf(recipe: Recipe): string {
  const { meters, days, firstDay, zone, recipients } = recipe;
  const text = JSON.stringify([FIXTURE_VERSION, { meters, days, firstDay, zone, recipients }]);
  const name = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return join(projectRoot(), ".build", "bench", name);
}

function load(folder: string): Fixture {
  const manifest = JSON.parse(readFileSync(join(folder, "fixture.json"), "utf8")) as Manifest;
  return { ...manifest, folder, envelopesFile: join(folder, "envelopes.bin") };
}

/** Makes the data folder of a gateway that has enrolled all meters and taken in nothing yet. */
export function createGatewayData(fixture: Fixture, data: string, zone: string): void {
  mkdirSync(data, { recursive: true });
  const { keys: keyFile, store } = locateDataFolder(data);
  copyFileSync(join(fixture.folder, "keys.json"), keyFile);
  const keys = readKeys(nodeSuite, keyFile, decodeConfig({}).name);
  const read = (name: string): string => readFileSync(join(fixture.folder, name), "utf8");
  const [genesis, enrolments] = read("chain.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const parsed = parseDumpLine(line);
      return parsed.kind === "block" ? parsed.block : fail("dump", "not a block");
    });
  if (genesis === undefined || enrolments === undefined) fail("dump", "two blocks were kept");
  const projector = createProjector({ suite: nodeSuite, utility: keys.utility });
  const clock = new ManualClock(Date.now());
  const options = { path: store, suite: nodeSuite, keys, clock, randomBytes, projector };
  const ledger = Ledger.create({ ...options, genesis });
  const openings = JSON.parse(read("openings.json")) as PointOpening[];
  ledger.db.transaction(() => {
    for (const opening of openings) ledger.vault.putPoint({ ...opening, zone });
  })();
  ledger.append(enrolments);
  ledger.close();
}

/** The input of a recipe, made where it is not there yet; `say` tells a person what takes so long. */
export async function prepareFixture(
  recipe: Recipe,
  say: (line: string) => void,
): Promise<Fixture> {
  const folder = folderOf(recipe);
  if (existsSync(join(folder, "fixture.json"))) return load(folder);
  const making = `${folder}.new`;
  rmSync(making, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  say(
    `sealing ${recipe.meters * recipe.days} days of ${recipe.meters} meters (kept for next time)`,
  );
  await make(recipe, making);
  renameSync(making, folder);
  return load(folder);
}

interface EnrolledMeter extends FixtureMeter {
  readonly key: SigningKey;
  /** Leaf of its enrol record. */
  readonly enrol: string;
}

async function make(recipe: Recipe, folder: string): Promise<void> {
  const from = dayBounds(recipe.zone, recipe.firstDay)?.from ?? fail("calendar", "no such day");
  const clock = new ManualClock(from * 1000);
  const config = decodeConfig({ ...GATEWAY_CONFIG, time_zone: recipe.zone });
  const located = locateDataFolder(join(folder, "data"));
  const options = { suite: nodeSuite, clock, randomBytes };
  const { ledger, keys } = await openOrFound(located, config, options);
  const office = { ledger, keys, config, brokerUrl: "mqtt://127.0.0.1", ...options };
  const customers = Array.from({ length: recipe.recipients - 1 }, () =>
    createRecipientKey(nodeSuite, randomBytes),
  );
  const to = [
    { key: keys.utility.jwk, use: "utility" as const },
    ...customers.map(({ jwk }) => ({ key: jwk, use: "customer" as const })),
  ];
  const recipients = [keys.utility, ...customers]
    .map(({ kid, jwk }) => ({ kid, key: decodeOkpKey(jwk) }))
    .sort((a, b) => (a.kid < b.kid ? -1 : 1));
  const sortedTo = recipients.map(({ key }) => {
    const x = encodeBase64url(key);
    return to.find((one) => one.key.x === x) ?? fail("recipients", "a recipient without its key");
  });
  const chain = ledger.state.chain.id;
  const meters: EnrolledMeter[] = [];
  ledger.db.transaction(() => {
    issueConfiguredTariff(office);
    for (let n = 0; n < recipe.meters; n++) {
      const meter = `${config.zone}${String(n + 1).padStart(6, "0")}`;
      const key = createSigningKey(nodeSuite, randomBytes);
      const salt = randomBytes(32);
      const point = computePoint(nodeSuite, meter, salt);
      ledger.vault.putPoint({ point, meter, salt: encodeBase64url(salt), zone: recipe.zone });
      const req = signRequest(nodeSuite, key, { chain, token: randomBytes(32) });
      const enrol = ledger.issue("enrol", { key: key.jwk, point, to: sortedTo, req });
      assignTariff(office, { point, tariff: config.tariff_id, from: 0 });
      meters.push({ meter, jwk: key.jwk, key, enrol });
    }
  })();
  await mineBlock(ledger, from);
  const logSize = ledger.tip().logSize;
  const lines = [0, 1].map((height) => {
    const block = ledger.block(height) ?? fail("dump", "two blocks were made");
    return `${formatDumpLine({ kind: "block", block })}\n`;
  });
  writeFileSync(join(folder, "chain.jsonl"), lines.join(""));
  writeFileSync(join(folder, "openings.json"), JSON.stringify(ledger.vault.points()));
  copyFileSync(located.keys, join(folder, "keys.json"));
  ledger.close();
  rmSync(located.root, { recursive: true });
  const envelopes = await sealAll(recipe, meters, recipients, join(folder, "envelopes.bin"));
  const manifest: Manifest = {
    net: netOf(chain),
    zone: config.zone,
    meters: meters.map(({ meter, jwk }) => ({ meter, jwk })),
    envelopes,
    logSize,
  };
  writeFileSync(join(folder, "fixture.json"), JSON.stringify(manifest));
}

async function mineBlock(ledger: Ledger, now: number): Promise<void> {
  const template = ledger.template(now) ?? fail("role", "this gateway may not mine");
  const { nonce } = mine(template.headerHash, template.target, {
    start: new Uint8Array(32),
    hash: (await loadNativeHash()) ?? fail("store", "the bench needs @chainsafe/hashtree"),
    control: new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4)),
  });
  ledger.append(ledger.seal(template, nonce ?? fail("work", "the search ended")));
}

/** Seals with as many workers as cores and writes the file day by day. Returns the number of envelopes. */
async function sealAll(
  recipe: Recipe,
  meters: readonly EnrolledMeter[],
  recipients: readonly { readonly kid: string; readonly key: Uint8Array }[],
  file: string,
): Promise<number> {
  const cores = availableParallelism();
  const byDay: Uint8Array[][] = Array.from({ length: recipe.days }, () => []);
  const seal = (worker: number): Promise<void> => {
    const { firstDay, zone, days } = recipe;
    const order: SealOrder = {
      firstDay,
      zone,
      days,
      recipients,
      meters: meters.flatMap(({ meter, key, enrol }, index) =>
        index % cores === worker ? [{ index, meter, secret: key.secret, enrol }] : [],
      ),
    };
    const thread = new Worker(new URL("./seal-worker.js", import.meta.url), { workerData: order });
    thread.on("message", ({ day, bytes }: SealedDays) => byDay[day]?.push(bytes));
    return new Promise((resolve, reject) => {
      thread.once("error", reject);
      thread.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
    });
  };
  await Promise.all(Array.from({ length: cores }, (_, worker) => seal(worker)));
  const out = createWriteStream(file);
  for (const parts of byDay) for (const part of parts) out.write(part);
  out.end();
  await finished(out);
  return recipe.meters * recipe.days;
}
