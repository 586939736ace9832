/**
 * Builds the file for an Espruino board. in: device/espruino, its settings → out: dist/espruino/head.js, one script with the
 * settings as a block at its top. Refuses a script that leaves what Espruino knows (espruino-subset.mjs).
 *
 * usage: node deploy/build-head.mjs [--settings FILE.json] [--out FILE.js]
 *
 * A settings file is JSON with the same members as the block at the top; `port` and `i2c` are names in quotes there.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { findForeign } from "./espruino-subset.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const SOURCE = path.join(ROOT, "device", "espruino");
const OUT = path.join(ROOT, "dist", "espruino", "head.js");

/** `require` under another name: the bundler and the flashing tool look for what a plain call of it names. */
const PROGRAM = "// The program; nothing to change from here on.\nconst LOAD = require;";

/** The script without settings. */
async function bundle(entry, globalName) {
  const { outputFiles } = await build({
    entryPoints: [path.join(SOURCE, entry)],
    bundle: true,
    write: false,
    platform: "neutral",
    format: "iife",
    globalName,
    target: "es2015",
    legalComments: "none",
    charset: "ascii",
    logLevel: "error",
  });
  // Espruino reads the text again each time that it runs it. No text in it spans lines.
  return outputFiles[0].text
    .trim()
    .replace(/^ +/gm, "")
    .replace(/^(?:\/\/.*|\/\*\*.*\*\/)\n/gm, "");
}

const MEMBERS = {
  head: "text",
  port: "name",
  baud: "number",
  tx: "text",
  rx: "text",
  i2c: "name",
  sda: "text",
  scl: "text",
  interval_s: "number",
  key: "text",
  sensors: "list",
  pulses: "list",
};
const ENTRY_MEMBERS = {
  sensors: { part: "string", address: "number", shunt_uohm: "number" },
  pulses: { pin: "string", active: "string", mode: "string", debounce_ms: "number" },
};
const TYPES = { text: "string", name: "string", number: "number", list: "object" };

const typeOf = (value) => typeof value;

/** The block of a settings file. Throws what is wrong with it. */
async function blockOf(file) {
  const settings = JSON.parse(readFileSync(file, "utf8"));
  const lines = Object.entries(settings).map(([name, value]) => {
    const kind = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (kind === undefined) throw new Error(`${name}: no such setting`);
    if (typeOf(value) !== TYPES[kind]) throw new Error(`${name}: not a ${TYPES[kind]}`);
    if (kind === "list") checkEntries(name, value);
    if (kind !== "name") return `  ${name}: ${JSON.stringify(value)},`;
    if (!/^[A-Z][A-Za-z0-9]*$/.test(value)) throw new Error(`${name}: a name like USB or I2C1`);
    return `  ${name}: ${value},`;
  });
  if (settings.port === undefined) throw new Error("port: not given");
  if (settings.i2c === undefined && (settings.sensors ?? []).length > 0) {
    throw new Error("i2c: sensors need a bus");
  }
  const fault = (await loadFindFault())({ head: "", ...settings });
  if (fault !== "") throw new Error(fault);
  return ["const HEAD = {", ...lines, "};"].join("\n");
}

function checkEntries(name, list) {
  if (!Array.isArray(list)) throw new Error(`${name}: not a list`);
  for (const entry of list) {
    for (const [member, value] of Object.entries(entry)) {
      const type = ENTRY_MEMBERS[name][member];
      if (type === undefined || typeOf(value) !== type) {
        throw new Error(
          `${name}: ${member} is ${type === undefined ? "no setting" : `no ${type}`}`,
        );
      }
    }
  }
}

/** The head's own check of its settings, so that the two never differ. */
async function loadFindFault() {
  const script = await bundle("head-config.ts", "checked");
  return new Function(`${script};return checked.findFault;`)();
}

async function main() {
  const { values } = parseArgs({
    options: { settings: { type: "string" }, out: { type: "string" } },
  });
  const { settings, out = OUT } = values;
  const block =
    settings === undefined
      ? readFileSync(path.join(SOURCE, "head.config.js"), "utf8").trim()
      : await blockOf(settings);
  const program = await bundle("main.ts");
  const script = `${block}\n\n${PROGRAM}\n${program}\n`;
  const foreign = findForeign(script);
  if (foreign.length > 0) throw new Error(`Espruino does not know:\n${foreign.join("\n")}`);
  mkdirSync(path.dirname(out), { recursive: true });
  rmSync(out, { force: true });
  // With a key in it nobody else shall read it.
  writeFileSync(out, script, { mode: settings === undefined ? 0o644 : 0o600 });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`head: ${error.message}\n`);
  process.exitCode = 1;
}
