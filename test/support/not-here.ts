/**
 * What no package brings: rights of this machine, data beside the project, a program given by hand. A test that needs such a thing is
 * skipped, never silently left out; the runner lists it by name, also under CI, where a skip for anything else is a failed run.
 *
 * in: this machine → out: true where the test may go on.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";

/** How the reason of such a skip begins; test/run.mjs looks for it. */
const NOT_HERE = "not here: ";

/** Every right or program of this kind, and how it is found out. */
const ABILITIES = {
  "own-mounts": {
    what: "the right to mount in a namespace of one's own (unshare -rm)",
    // A namespace alone is not enough: some containers grant it and refuse the mount.
    test: () =>
      spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /tmp"], {
        stdio: "ignore",
      }).status === 0,
  },
  espruino: {
    what: "an Espruino interpreter for Linux, which ESPRUINO_BIN names",
    test: () => existsSync(process.env["ESPRUINO_BIN"] ?? ""),
  },
  "dev-full": { what: "/dev/full", test: () => existsSync("/dev/full") },
} as const satisfies Record<string, { readonly what: string; readonly test: () => boolean }>;

type Ability = keyof typeof ABILITIES;

export function skipNotHere(t: TestContext, what: string): void {
  t.skip(NOT_HERE + what);
}

/** True when the test may go on; else it is skipped with one clear line. */
export function requireAbility(t: TestContext, name: Ability): boolean {
  const { what, test } = ABILITIES[name];
  if (test()) return true;
  skipNotHere(t, what);
  return false;
}
