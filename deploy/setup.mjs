/**
 * Set-up that `npm start` and `npm test` run first: the dependencies of the lockfile, native modules
 * that load in this Node, and a build newer than its sources. Does nothing, in well under a second,
 * when all of that is there. Plain JavaScript with no import but Node's and the lock beside it, because it runs on a bare clone.
 *
 * in: package-lock.json, the sources → out: node_modules/, dist/; exit 1 with one clear line otherwise.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { lockSetup } from "./setup-lock.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const SOURCES = ["deploy", "device", "gateway", "hardware", "shared", "test"];
const OLDEST_NODE = [20, 19];
/** Sources of what runs in a browser: bundled into dist/browser, not compiled file by file. */
const BROWSER = path.join("gateway", "web", "browser");
const BROWSER_PAGE = path.join(ROOT, "dist", "browser", "verify-bill.html");
/** The program of the Espruino sensor head: bundled too, its settings are a block at its top. */
const HEAD = path.join(ROOT, "dist", "espruino", "head.js");
const HEAD_SETTINGS = path.join("device", "espruino", "head.config.js");
const STAMP = path.join(ROOT, "dist", ".build.json");
/** Written when the store's native module was built here for a Node that needs `deploy/native/object-wrap.h`. */
const NATIVE_STAMP = path.join(ROOT, "node_modules", ".wattproof-native");
/** From this major version on, see `deploy/native/object-wrap.h`. */
const OBJECT_WRAP_NODE = 24;

/** A failure that is told in one line, with what to do about it; never a stack trace. */
class SetupError extends Error {}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major < oldest || (major === oldest && minor < oldestMinor)) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: Wattproof needs ${OLDEST_NODE.join(".")} or newer.`,
    );
  }
}

/** Packages of one lockfile by their folder, without the project itself. */
function readLock(file) {
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  return new Map(Object.entries(packages).filter(([folder]) => folder !== ""));
}

/**
 * Why node_modules is not what package-lock.json says, or undefined when it is. Optional packages may
 * be absent: npm leaves out those of other platforms and native ones that did not compile.
 */
export function findDrift(root) {
  const installed = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return "nothing is installed yet";
  const present = readLock(installed);
  for (const [folder, wanted] of readLock(path.join(root, "package-lock.json"))) {
    const found = present.get(folder);
    if (wanted.optional && !found) continue;
    if (!found) return `${folder} is missing`;
    if (found.version !== wanted.version) return `${folder} is not ${wanted.version}`;
    if (!wanted.optional && !existsSync(path.join(root, folder, "package.json"))) {
      return `${folder} is missing`;
    }
  }
  return undefined;
}

const needsObjectWrap = Number(process.versions.node.split(".")[0]) >= OBJECT_WRAP_NODE;

/** Environment of npm: where this Node needs it, the store is compiled here and with our header. */
function npmEnvironment() {
  if (!needsObjectWrap) return process.env;
  const header = path.join(ROOT, "deploy", "native", "object-wrap.h");
  const flags = `${process.env.CXXFLAGS ?? ""} -include "${header}"`.trim();
  return { ...process.env, CXXFLAGS: flags, npm_config_build_from_source: "better-sqlite3" };
}

/** True when the native store was built as this Node needs it, and opens: another Node's build of it does not. */
function storeLoads() {
  if (needsObjectWrap) {
    if (!existsSync(NATIVE_STAMP)) return false;
    if (readFileSync(NATIVE_STAMP, "utf8") !== process.version) return false;
  }
  try {
    const Database = createRequire(path.join(ROOT, "package.json"))("better-sqlite3");
    new Database(":memory:").close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a command, shows one line (on a terminal with the seconds that it takes) and its output only
 * if it fails.
 */
async function runStep(title, command, args, advice, env = process.env) {
  const started = Date.now();
  const showTime = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stdout.write(`\r${title} … ${seconds} s `);
  };
  if (!process.stdout.isTTY) process.stdout.write(`${title} … `);
  const ticker = process.stdout.isTTY ? setInterval(showTime, 1000) : undefined;
  if (ticker) showTime();
  const output = [];
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.on("error", (error) => {
      output.push(Buffer.from(error.message));
      resolve(127);
    });
    child.on("close", resolve);
  });
  clearInterval(ticker);
  if (code === 0) {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      process.stdout.isTTY ? `\r${title}: done in ${seconds} s   \n` : `done in ${seconds} s\n`,
    );
    return;
  }
  const lines = Buffer.concat(output).toString("utf8").trimEnd().split("\n");
  process.stdout.write(`failed\n${lines.slice(-40).join("\n")}\n`);
  throw new SetupError(`${title} failed (exit ${code}). ${advice}`);
}

/** npm as the one that runs us, else the one on the path. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.c?js$/.test(cli)) return [process.execPath, [cli]];
  return ["npm", []];
}

async function installPackages() {
  const drift = findDrift(ROOT);
  const [command, prefix] = npmCommand();
  if (drift) {
    await runStep(
      `Installing the packages (npm ci: ${drift})`,
      command,
      [...prefix, "ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"],
      "Is the npm registry reachable, and are a C++ compiler, make and Python there?",
      npmEnvironment(),
    );
    if (needsObjectWrap) writeFileSync(NATIVE_STAMP, process.version);
  }
  if (storeLoads()) return;
  await runStep(
    `Building the native modules for Node ${process.versions.node} (npm rebuild)`,
    command,
    [...prefix, "rebuild"],
    "Are a C++ compiler, make and Python there?",
    npmEnvironment(),
  );
  if (needsObjectWrap) writeFileSync(NATIVE_STAMP, process.version);
  if (!storeLoads()) throw new SetupError("better-sqlite3 was built but does not load.");
}

/** All TypeScript sources and the browser's files, relative to the root, sorted. */
function listSources() {
  return SOURCES.flatMap((folder) =>
    existsSync(path.join(ROOT, folder))
      ? readdirSync(path.join(ROOT, folder), { recursive: true })
          .map((name) => path.join(folder, String(name)))
          .filter((name) => name.endsWith(".ts") || path.dirname(name) === BROWSER)
      : [],
  ).sort();
}

/** A digest of what the build depends on: names, sizes and times of the sources, and the compiler. */
function fingerprint(sources) {
  const digest = createHash("sha256");
  for (const name of [
    ...sources,
    HEAD_SETTINGS,
    "deploy/build-browser.mjs",
    "deploy/build-head.mjs",
    "deploy/espruino-subset.mjs",
    "tsconfig.json",
    "package-lock.json",
  ]) {
    const { size, mtimeMs } = statSync(path.join(ROOT, name));
    digest.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return digest.digest("hex");
}

const outputOf = (source) => path.join(ROOT, "dist", source.replace(/\.ts$/, ".js"));

/** What an earlier build left of sources that are gone would still be run: remove it. */
function removeOrphans(sources) {
  const wanted = new Set(sources.map(outputOf));
  for (const name of readdirSync(path.join(ROOT, "dist"), { recursive: true })) {
    const file = path.join(ROOT, "dist", String(name));
    if (file.endsWith(".js") && !wanted.has(file)) {
      rmSync(file);
      rmSync(`${file}.map`, { force: true });
    }
  }
}

async function build() {
  const sources = listSources();
  const wanted = fingerprint(sources);
  const built = existsSync(STAMP) ? JSON.parse(readFileSync(STAMP, "utf8")).fingerprint : "";
  const compiled = sources.filter((name) => path.dirname(name) !== BROWSER);
  const isWhole = [BROWSER_PAGE, HEAD, ...compiled.map(outputOf)].every((file) => existsSync(file));
  if (built === wanted && isWhole) return;
  const compiler = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  await runStep("Building (tsc)", process.execPath, [compiler], "See the lines above.");
  removeOrphans(compiled);
  const inBrowser = [compiler, "-p", BROWSER];
  await runStep("Checking the browser's part (tsc)", process.execPath, inBrowser, "See above.");
  const bundler = [path.join(ROOT, "deploy", "build-browser.mjs")];
  await runStep("Bundling the browser's part", process.execPath, bundler, "See the lines above.");
  const head = [path.join(ROOT, "deploy", "build-head.mjs")];
  await runStep("Bundling the sensor head's part", process.execPath, head, "See the lines above.");
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, JSON.stringify({ fingerprint: wanted }));
}

async function main() {
  checkNode();
  const unlock = await lockSetup(ROOT, () => {
    process.stdout.write("Another set-up of this folder is running; waiting for it.\n");
  });
  try {
    await installPackages();
    await build();
  } finally {
    unlock();
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`set-up: ${error.message}\n`);
    process.exitCode = 1;
  }
}
