/** Test only: a sysfs GPIO class in a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** Chips as [name, label, base, number of lines]; the folder goes away with the test. */
export function writeGpioChips(
  t: TestContext,
  chips: readonly (readonly [string, string, number, number])[],
): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-gpio-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, "export-is-no-chip"));
  for (const [name, label, base, ngpio] of chips) {
    mkdirSync(path.join(folder, name));
    for (const [file, value] of Object.entries({ label, base, ngpio })) {
      writeFileSync(path.join(folder, name, file), `${value}\n`);
    }
  }
  return folder;
}
