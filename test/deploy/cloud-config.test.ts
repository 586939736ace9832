// deploy/pi/user-data: cloud-init's own schema takes it, and refuses a broken copy; what it names is in this tree.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { makeTestFolder } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";
import { requireSystemPart } from "../support/system-part.ts";

const USER_DATA = path.join(projectRoot(), "deploy", "pi", "user-data");
const KEPT = path.join(projectRoot(), ".build", "cloud-init");

/**
 * The modules of cloud-init: the package is downloaded and unpacked, because installed it would set up this machine at
 * its next start. Throws with what apt said.
 */
function fetchCloudInit(): string {
  const modules = path.join(KEPT, "usr", "lib", "python3", "dist-packages");
  if (existsSync(modules)) return modules;
  rmSync(KEPT, { recursive: true, force: true });
  mkdirSync(KEPT, { recursive: true });
  const run = (program: string, ...args: readonly string[]): void => {
    const { status, stderr } = spawnSync(program, [...args], { cwd: KEPT, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  run("apt-get", "-o", "APT::Sandbox::User=root", "download", "cloud-init");
  const file = readdirSync(KEPT).find((name) => name.endsWith(".deb")) ?? "";
  run("dpkg-deb", "-x", file, KEPT);
  return modules;
}

function validate(modules: string, file: string): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(
    "/usr/bin/python3",
    ["-m", "cloudinit.cmd.main", "schema", "-c", file],
    { encoding: "utf8", env: { ...process.env, PYTHONPATH: modules } },
  );
  return { code: status, said: stdout + stderr };
}

test("cloud-init takes the first boot's data", (t) => {
  if (!requireSystemPart(t, "cloud-init-libraries")) return;
  const modules = fetchCloudInit();
  const { code, said } = validate(modules, USER_DATA);
  assert.equal(code, 0, said);
  assert.match(said, /Valid cloud-config/);
  const broken = path.join(makeTestFolder(), "broken");
  const text = readFileSync(USER_DATA, "utf8");
  writeFileSync(broken, text.replace(/^runcmd:\n/m, "runcmd: 7\nnothing:\n"));
  assert.match(validate(modules, broken).said, /runcmd: 7 is not of type 'array'/);
});

test("what it runs is in this tree", () => {
  const text = readFileSync(USER_DATA, "utf8");
  const [, script = ""] = /\[\/opt\/wattproof\/(\S+?),/.exec(text) ?? [];
  assert.ok(existsSync(path.join(projectRoot(), script)), script);
});
