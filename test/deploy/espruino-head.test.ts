// The file for an Espruino board: stays within the JavaScript that Espruino knows, and runs, on boards with and without a
// crypto library; its settings block can be written from a settings file.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import { parseHeadFrame } from "../../hardware/driver/head-frame.ts";
import { decodeHex, encodeUtf8 } from "../../shared/base/bytes.ts";
import { FakeEspruino } from "../support/fake-espruino.ts";
import { Sht4xDevice } from "../support/i2c-climate-devices.ts";
import { requireAbility } from "../support/not-here.ts";
import { makeTestFolder } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const deploy = (name: string): string => path.join(projectRoot(), "deploy", name);

/** Builds into a folder of its own; `settings` is written as a settings file. */
function buildHead(settings?: object): { code: number | null; stderr: string; file: string } {
  const folder = makeTestFolder();
  const file = path.join(folder, "head.js");
  const args = [deploy("build-head.mjs"), "--out", file];
  if (settings !== undefined) {
    writeFileSync(path.join(folder, "head.json"), JSON.stringify(settings));
    args.push("--settings", path.join(folder, "head.json"));
  }
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { code: status, stderr, file };
}

const SETTINGS = {
  head: "pico-1",
  port: "USB",
  i2c: "I2C1",
  sda: "B9",
  scl: "B8",
  interval_s: 5,
  sensors: [{ part: "sht4x" }],
  pulses: [{ pin: "A5" }],
};

describe("the linter's list", () => {
  let findForeign: (script: string) => string[];
  before(async () => {
    ({ findForeign } = await import(pathToFileURL(deploy("espruino-subset.mjs")).href));
  });

  const foreign: readonly (readonly [script: string, found: string])[] = [
    ["async function f() {}", "async function"],
    ["const f = async () => 1;", "async function"],
    ["async function f() { await 1; }", "AwaitExpression"],
    ["function* f() {}", "generator"],
    ["function* f() { yield 1; }", "YieldExpression"],
    ["const { a } = HEAD;", "ObjectPattern"],
    ["const [a] = HEAD;", "ArrayPattern"],
    ["function f(a = 1) {}", "AssignmentPattern"],
    ["function f(...a) {}", "RestElement"],
    ["print([...HEAD]);", "SpreadElement"],
    ["print({ ...HEAD });", "SpreadElement"],
    ["print(HEAD?.port);", "ChainExpression"],
    ["print(2 ** 3);", "**"],
    ["let a = 1; a **= 2;", "**="],
    ["let a = 1; a ??= 2;", "??="],
    ["let a = 1; a ||= 2;", "||="],
    ["let a = 1; a &&= 2;", "&&="],
    ["print(1n);", "BigInt"],
    ["print({ [HEAD]: 1 });", "computed key"],
    ["print({ get a() { return 1; } });", "getter or setter"],
    ["print({ a() {} });", "method"],
    ["print([1, , 2]);", "hole in an array"],
    ["a: for (;;) break a;", "LabeledStatement"],
    ["for (;;) { continue; } try {} catch {}", "catch without a name"],
    ["class A { a = 1; }", "ClassDeclaration"],
    ["print(class {});", "ClassExpression"],
    ["print(/a/);", "regular expression"],
    ["print(new Map());", "unknown name Map"],
    ["print(new Set());", "unknown name Set"],
    ["print(Symbol());", "unknown name Symbol"],
    ["print(new Proxy());", "unknown name Proxy"],
    ["print(new WeakMap());", "unknown name WeakMap"],
    ["print(BigInt(1));", "unknown name BigInt"],
    ["print(Array.from(HEAD));", "unknown name Array"],
    ["print(globalThis);", "unknown name globalThis"],
    ["print(Math.imul(1, 2));", "Math.imul"],
    ["print(Math.trunc(1));", "Math.trunc"],
    ["print(E.hwRandom());", "E.hwRandom"],
    ["print(HEAD.at(1));", "member at"],
    ["print(HEAD.push.call(1));", "member call"],
    ['print("".replaceAll("a", "b"));', "member replaceAll"],
    ["print(HEAD.flatMap(print));", "member flatMap"],
    ["print`a`;", "TaggedTemplateExpression"],
    ["print(`a\nb`);", "text of several lines"],
    ["print(new.target);", "'new.target'"],
    ['import "a";', "'import'"],
    ['print(import("a"));', "ImportExpression"],
    ["with (HEAD) {}", "WithStatement"],
    ["let = ;", "Unexpected"],
  ];
  for (const [script, found] of foreign) {
    test(`refuses ${script.replaceAll("\n", "\\n")}`, () => {
      const all = findForeign(script);
      assert.ok(
        all.some((line) => line.includes(found)),
        all.join("\n"),
      );
    });
  }

  test("leaves alone what Espruino knows, and names the line of what it does not", () => {
    const good = [
      `const f = (a) => { for (const b of a) print(\`\${b.length}\`); };`,
      "let x = { a: 1, 'b': 2 }; x.c = x.a + x.b; x['d'] = ~x.c >>> 1;",
      "function g(n) { switch (n) { case 1: return -n; default: throw { n: n }; } }",
      "try { f([1]); } catch (thrown) { print(thrown.n ?? typeof x); }",
      "do { x.a++; if (x.a > 3) break; else continue; } while (true);",
      "for (var i = 0, j; i < 3; i++) j = i in x ? new Uint8Array(3) : void 0;",
    ].join("\n");
    assert.deepEqual(findForeign(good), []);
    assert.deepEqual(findForeign(`${good}\nprint(new Map());`), ["7: unknown name Map"]);
  });

  test("the file that is built passes it, and a build that would not is refused", () => {
    const { code, file, stderr } = buildHead();
    assert.equal(code, 0, stderr);
    const script = readFileSync(file, "utf8");
    assert.deepEqual(findForeign(script), []);
    assert.ok(script.length < 32_000, `${script.length} bytes`);
    assert.match(script, /^[\t\n\x20-\x7e]*$/);
    // The block for people comes first.
    assert.ok(script.indexOf("const HEAD = {") < 300);
  });
});

/** Runs the file on a board of ours: the names of Espruino, and nothing of Node. */
function runHead(file: string, rich: boolean): FakeEspruino {
  const espruino = new FakeEspruino();
  espruino.devices.set(0x44, new Sht4xDevice(espruino.timing, 1));
  const hash = (bytes: Uint8Array): ArrayBuffer =>
    Uint8Array.from(createHash("sha256").update(bytes).digest()).buffer;
  const context = createContext(espruino.globals(rich, rich ? hash : undefined));
  runInContext(readFileSync(file, "utf8"), context);
  return espruino;
}

describe("the file runs", () => {
  for (const rich of [true, false]) {
    test(`on a board with${rich ? "" : "out"} crypto, CRC-32 and watchdog`, () => {
      const { code, file, stderr } = buildHead({ ...SETTINGS, key: KEY });
      assert.equal(code, 0, stderr);
      assert.equal(statSync(file).mode & 0o77, 0, "others can read the key");
      const espruino = runHead(file, rich);
      espruino.pass(1_100);
      espruino.pulse("A5", 40, 460);
      espruino.pass(9_000);
      const frames = espruino.frames.map((line) =>
        parseHeadFrame(encodeUtf8(line), decodeHex(KEY)),
      );
      assert.deepEqual(
        frames.map(({ seq, head, fields }) => [seq, head, fields.get("t1"), fields.get("p1")]),
        [
          [1, "pico-1", 25_000, 0],
          [2, "pico-1", 25_000, 1],
          [3, "pico-1", 25_000, 1],
        ],
      );
      assert.equal(espruino.console, undefined);
      assert.equal(espruino.watchdogS, rich ? 8 : undefined);
      assert.equal(frames[0]?.boot.slice(0, 8), rich ? "00000001" : "00000000");
      const [old] = frames;
      runInContext(readFileSync(file, "utf8"), createContext(espruino.globals(rich)));
      espruino.pass(1_100);
      const again = parseHeadFrame(encodeUtf8(espruino.frames.at(-1) ?? ""), decodeHex(KEY));
      assert.equal(again.boot.slice(0, 8), rich ? "00000002" : "00000000");
      assert.notEqual(again.boot, old?.boot);
    });
  }

  test("wrong settings end on the console, in words", () => {
    const { code, file } = buildHead();
    assert.equal(code, 0);
    writeFileSync(file, readFileSync(file, "utf8").replace('"head-1"', '"a b"'));
    const espruino = runHead(file, true);
    espruino.pass(60_000);
    assert.deepEqual(espruino.written, ["WattProof head: head: 1 to 16 letters, digits, - and _"]);
  });
});

describe("a settings file", () => {
  for (const [what, settings, expected] of [
    ["a member that is none", { ...SETTINGS, pulse: [] }, /pulse: no such setting/],
    ["a text for a number", { ...SETTINGS, interval_s: "5" }, /interval_s: not a number/],
    ["a sensor's member that is none", { ...SETTINGS, sensors: [{ kind: "sht4x" }] }, /kind is no/],
    ["a list that is none", { ...SETTINGS, sensors: { part: "sht4x" } }, /not a list/],
    ["a port that is no name", { ...SETTINGS, port: "USB;reset()" }, /port: a name/],
    ["no port", { ...SETTINGS, port: undefined }, /port: not given/],
    ["sensors without a bus", { ...SETTINGS, i2c: undefined }, /i2c: sensors need a bus/],
    ["what the head itself refuses", { ...SETTINGS, sensors: [{ part: "ina226" }] }, /shunt_uohm/],
  ] as const) {
    test(`with ${what} is refused`, () => {
      const { code, stderr } = buildHead(settings);
      assert.equal(code, 1);
      assert.match(stderr, expected);
    });
  }
});

test("in a real Espruino interpreter: frames that the meter takes", (t) => {
  if (!requireAbility(t, "espruino")) return;
  const binary = process.env["ESPRUINO_BIN"];
  const { file } = buildHead({ ...SETTINGS, sensors: [], key: KEY });
  const program = readFileSync(file, "utf8")
    // The interpreter on Linux has no USB; what the head writes goes to its standard output.
    .replace("port: USB,", 'port: { write: (text) => { print("OUT" + text); }, on: () => {} },')
    .replace("i2c: I2C1,", "")
    .replace(/pulses: \[[^\]]*\]/, 'pulses: [{pin:"D0"}]')
    .replace(/E\.setConsole\([^;]*;/, "");
  writeFileSync(file, `${program}\nsetTimeout(() => { quit(); }, 7000);\n`);
  const { stdout } = spawnSync("sh", ["-c", `sleep 9 | timeout 15 "${binary}" "${file}"`], {
    encoding: "utf8",
  });
  const frames = [...stdout.matchAll(/\$WP1[^\r\n]*/g)].map(([line]) =>
    parseHeadFrame(encodeUtf8(line), decodeHex(KEY)),
  );
  assert.ok(frames.length >= 2, stdout);
  assert.deepEqual(
    frames.map(({ seq }) => seq),
    frames.map((_, i) => i + 1),
  );
});
