// deploy/systemd: systemd itself understands the units, they are closed as far as a meter allows, and the template is
// the same service for another folder.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { makeTestFolder } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";
import { findProgram, requireSystemPart } from "../support/system-part.ts";

const DEPLOY = path.join(projectRoot(), "deploy");
const FOLDER = path.join(DEPLOY, "systemd");
const ANALYZE = findProgram("systemd-analyze") ?? "systemd-analyze";
const UNITS = readdirSync(FOLDER).filter((name) => name.endsWith(".service"));
/** systemd's own measure, 0 to 100; a service without any of this has about 96. */
const MOST_EXPOSED = { "wattproof-meter.service": 25, "wattproof-gateway.service": 20 };

/** The units as they are where the tree is this one. */
function copyUnits(): string {
  const folder = path.join(makeTestFolder(), "units");
  mkdirSync(folder, { recursive: true });
  for (const name of UNITS) {
    const text = readFileSync(path.join(FOLDER, name), "utf8");
    writeFileSync(path.join(folder, name), text.replaceAll("/opt/wattproof", projectRoot()));
  }
  return folder;
}

test("systemd understands every unit", (t) => {
  if (!requireSystemPart(t, "systemd")) return;
  const folder = copyUnits();
  assert.equal(UNITS.length, 3);
  for (const name of UNITS) {
    const { status, stderr } = spawnSync(ANALYZE, ["verify", path.join(folder, name)], {
      encoding: "utf8",
    });
    // Of other units of this machine it may complain too.
    const own = stderr.split("\n").filter((line) => line.includes("wattproof"));
    assert.deepEqual(own, [], name);
    assert.equal(status, 0, stderr);
  }
});

test("the services are closed as far as they can be", (t) => {
  if (!requireSystemPart(t, "systemd")) return;
  const folder = copyUnits();
  for (const [name, threshold] of Object.entries(MOST_EXPOSED)) {
    const args = [
      "security",
      "--offline=true",
      `--threshold=${threshold}`,
      path.join(folder, name),
    ];
    const { status, stdout } = spawnSync(ANALYZE, args, { encoding: "utf8" });
    t.diagnostic(/Overall exposure.*: [\d.]+/.exec(stdout)?.[0] ?? "");
    assert.equal(status, 0, stdout.split("\n").slice(-3).join(""));
  }
});

test("the template differs from the single meter's unit by its folder only", () => {
  const settings = (name: string): string[] =>
    readFileSync(path.join(FOLDER, name), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
  const single = settings("wattproof-meter.service");
  const one = settings("wattproof-meter@.service").map((line) =>
    line
      .replace("Description=Wattproof meter %i", "Description=Wattproof meter")
      .replaceAll("%i", "meter"),
  );
  assert.deepEqual(one, single);
});

test("the scripts are shell, and the command runs this build", () => {
  for (const name of ["install.sh", "bin/meter", "bin/gateway"]) {
    execFileSync("sh", ["-n", path.join(DEPLOY, name)]);
  }
  const help = execFileSync(path.join(DEPLOY, "bin", "meter"), ["--help"], { encoding: "utf8" });
  assert.match(help, /^meter: /);
});
