/** The buses and serial ports of this machine. In: a device folder. Out: places where parts may be, each once. */
import { readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import type { Place } from "../driver/driver.ts";

/** Buses from 10 on are those of displays and cameras, where nothing of ours is wired to. */
const MAX_BUS = 9;
/** Names that survive re-plugging come first; a device under several names is taken under the first of them. */
const SERIAL = [/^serial\/by-id\/./, /^serial[01]$/, /^tty(?:USB|ACM)\d+$/, /^ttyAMA\d+$/];

export function listPlaces(folder = "/dev"): Place[] {
  const names = [...list(folder, ""), ...list(folder, "serial/by-id")];
  const places: Place[] = [];
  for (const name of names) {
    const bus = /^i2c-(\d+)$/.exec(name)?.[1];
    if (bus !== undefined && Number(bus) <= MAX_BUS) places.push({ kind: "i2c", bus: Number(bus) });
  }
  const seen = new Set<string>();
  for (const form of SERIAL) {
    for (const name of names.filter((one) => form.test(one)).sort()) {
      const port = path.join(folder, name);
      const device = resolve(port);
      if (device === undefined || seen.has(device)) continue;
      seen.add(device);
      places.push({ kind: "serial", port });
    }
  }
  return places;
}

function list(folder: string, inside: string): string[] {
  try {
    return readdirSync(path.join(folder, inside)).map((name) => path.join(inside, name));
  } catch {
    return [];
  }
}

/** Undefined for a link that leads nowhere. */
function resolve(port: string): string | undefined {
  try {
    return realpathSync(port);
  } catch {
    return undefined;
  }
}
