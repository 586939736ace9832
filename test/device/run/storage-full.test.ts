/**
 * A card that is full: measuring goes on, it is said, nothing that waits is touched, and with space again everything is
 * there. On a real file system that is really full where this user may mount one, and by limits on files everywhere.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { requireAbility } from "../../support/not-here.ts";
import { makeTestFolder } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";

const PROGRAM = fileURLToPath(new URL("../../support/full-card.js", import.meta.url));
const FOLDER = makeTestFolder();

function assertOk(run: ReturnType<typeof spawnSync>): void {
  assert.equal(String(run.stdout), "ok\n", `${run.stdout}\n${run.stderr}`);
  assert.equal(run.status, 0);
}

test("a file system without a byte left", (t) => {
  if (!requireAbility(t, "own-mounts")) return;
  const folder = mkdtempSync(path.join(FOLDER, "card-"));
  const script = 'mount -t tmpfs -o size=6m none "$1" && TMPDIR="$1" exec "$2" "$3" tmpfs';
  const args = ["-rm", "sh", "-c", script, "sh", folder, process.execPath, PROGRAM];
  assertOk(spawnSync("unshare", args));
});

test("files that may not grow", (t) => {
  if (!requireSystemPart(t, "prlimit")) return;
  const folder = mkdtempSync(path.join(FOLDER, "limit-"));
  const env = { ...process.env, TMPDIR: folder };
  assertOk(spawnSync(process.execPath, [PROGRAM, "limit"], { env }));
});
