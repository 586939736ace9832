/** `meter probe`: finds what is wired to this machine and prints the configuration for it. */

import type { Place } from "../../hardware/driver/driver.ts";
import { openLinuxPorts } from "../../hardware/linux/linux-ports.ts";
import { listPlaces } from "../../hardware/linux/list-places.ts";
import {
  type FoundPart,
  type PlaceReport,
  probePlace,
  suggestSources,
} from "../../hardware/probe.ts";
import { fail } from "../../shared/base/error.ts";
import { adviceFor } from "./advice.ts";
import { readOptions } from "./options.ts";
import { showReading } from "./show-reading.ts";

const HELP = `meter probe: find the sensors that are wired to this machine

usage: meter probe [--bus N …] [--port FILE …] [--addresses FROM-TO] [--json]

  --bus N        look at this I2C bus only
  --port FILE    look at this serial port only; both may be given several times
  --addresses    slave addresses to look at where a part on a shared line was found (default: 1-8)
  --json         print one JSON object

Parts are asked who they are and what they measure; nothing is ever set. A serial port takes three minutes, because
some parts speak by themselves every ten seconds only. A running meter holds its ports: stop it first.
Exits with 1 when nothing was found.
`;

export async function probe(args: readonly string[]): Promise<number> {
  const many = { type: "string", multiple: true } as const;
  const spec = {
    bus: many,
    port: many,
    addresses: { type: "string" },
    json: { type: "boolean" },
  } as const;
  const options = readOptions(args, spec, HELP);
  if (options === undefined) return 0;
  const { bus = [], port = [], json = false } = options;
  const given: Place[] = [
    ...bus.map((number): Place => ({ kind: "i2c", bus: readNumber(number, "bus") })),
    ...port.map((file): Place => ({ kind: "serial", port: file })),
  ];
  const places = given.length > 0 ? given : listPlaces();
  const addresses = readRange(options.addresses ?? "1-8");
  const tell = (text: string): void => {
    if (!json) process.stderr.write(text);
  };
  const reports: PlaceReport[] = [];
  for (const place of places) {
    tell(`${nameOf(place)}: looking `);
    const report = await probePlace(place, {
      openPorts: openLinuxPorts,
      addresses,
      onTry: () => tell("."),
    });
    tell("\n");
    reports.push(report);
    if (!json) process.stdout.write(describe(report));
  }
  const found = reports.flatMap((report) => report.found);
  const sources = suggestSources(found);
  if (json) process.stdout.write(`${JSON.stringify({ found: found.map(plain), sources })}\n`);
  else process.stdout.write(conclude(places, found));
  return found.length === 0 ? 1 : 0;
}

const nameOf = (place: Place): string =>
  place.kind === "i2c" ? `I2C bus ${place.bus}` : `serial port ${place.port}`;

function plain({ config, description, reading, code }: FoundPart) {
  const { raw: _, ...said } = reading ?? { raw: undefined };
  return { config, description, ...(code === undefined ? {} : { code }), reading: said };
}

function describe({ place, found, hints, tries }: PlaceReport): string {
  const lines = found.flatMap(({ description, reading, code }) => [
    `${nameOf(place)}: ${description}`,
    `  now: ${reading === undefined ? `cannot measure (${code})` : showReading(reading)}`,
  ]);
  const codes = [...new Set(hints.map(({ code }) => code))];
  for (const code of codes) lines.push(`${nameOf(place)}: ${code}: ${adviceFor(code) ?? ""}`);
  if (lines.length === 0) lines.push(`${nameOf(place)}: nothing known answers (${tries} tries)`);
  return lines.map((line) => `${line}\n`).join("");
}

function conclude(places: readonly Place[], found: readonly FoundPart[]): string {
  if (places.length === 0) {
    return "there is neither an I2C bus nor a serial port here; on a Pi, raspi-config enables them\n";
  }
  if (found.length === 0) return "nothing was found\n";
  const entries = suggestSources(found).map((config) => `    ${JSON.stringify(config)}`);
  const several = entries.some((entry) => entry.includes('"use"'));
  const advice = several
    ? '\n"use": "watch" shows a part without counting it; "add" counts it as a second circuit of this meter.\n'
    : "\n";
  return `\nfor meter.json:\n\n{\n  "sources": [\n${entries.join(",\n")}\n  ]\n}\n${advice}`;
}

function readNumber(text: string, name: string): number {
  if (!/^\d{1,3}$/.test(text)) fail("usage", `--${name} is a number. See --help.`);
  return Number(text);
}

function readRange(text: string): number[] {
  const [, from, to = from] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!(first >= 1 && last >= first && last <= 247)) {
    fail("usage", "--addresses is a range like 1-8, within 1 to 247. See --help.");
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
