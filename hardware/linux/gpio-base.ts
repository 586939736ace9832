/**
 * The kernel's global number of a BCM pin.
 *
 * Header pins were numbered from 0 up to kernel 6.1; since 6.6 the chip's base is 512 on a Pi 4 and 571 on a
 * Pi 5, and it may move again. The chip is found by its label, and its base is read.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fail } from "../../shared/base/error.ts";

/** Chips whose lines are the header's BCM pins: Pi 5, Pi 4, Pi 0 to 3. */
export const chipLabels: readonly string[] = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];

/** `folder`: the sysfs GPIO class. Throws `gpio-chip`. */
export async function resolveGpioNumber(pin: number, folder = "/sys/class/gpio"): Promise<number> {
  const seen: string[] = [];
  for (const chip of await listChips(folder)) {
    const label = await readText(path.join(folder, chip, "label"));
    seen.push(label);
    if (!chipLabels.includes(label)) continue;
    const base = Number(await readText(path.join(folder, chip, "base")));
    const lines = Number(await readText(path.join(folder, chip, "ngpio")));
    if (pin >= lines) fail("gpio-chip", `${label} has ${lines} pins, no ${pin}`, { pin, lines });
    return base + pin;
  }
  fail(
    "gpio-chip",
    `no GPIO chip of a Raspberry Pi under ${folder} (seen: ${seen.join(", ") || "none"})`,
    { pin },
  );
}

async function listChips(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^gpiochip\d+$/.test(name)).sort();
}

async function readText(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}
