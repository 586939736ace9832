/** `meter status`: what the journal says, read beside a running meter without disturbing it. */
import { existsSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { Journal } from "../journal/journal.ts";
import { formatKwh } from "../meter-event.ts";
import { dataFolder } from "../run/data-folder.ts";
import { type MeterStatus, readStatus } from "../status.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `meter status: show what the meter has measured, sealed and got receipts for

usage: meter status --data DIR [--json]

  --data DIR  the meter's data folder
  --json      print one JSON object

Exits with 1 when an alarm is raised.
`;

export async function status(args: readonly string[]): Promise<number> {
  const spec = { data: { type: "string" }, json: { type: "boolean" } } as const;
  const options = readOptions(args, spec, HELP);
  if (options === undefined) return 0;
  const files = dataFolder(requireOption(options.data, "data"));
  if (!existsSync(files.journal)) fail("no-meter", "nothing has been measured in this folder yet");
  const journal = new Journal(files.journal, { readOnly: true });
  try {
    const found = readStatus(journal);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(found)}\n` : describeStatus(found),
    );
    return found.alarms.length === 0 ? 0 : 1;
  } finally {
    journal.close();
  }
}

function describeStatus(s: MeterStatus): string {
  const at = (seconds: number | undefined): string =>
    seconds === undefined ? "never" : new Date(seconds * 1000).toISOString().replace(".000", "");
  const { oldest, newest } = s.outbox;
  const lines = [
    ["meter", s.meter ?? "unknown"],
    ["key", s.kid ?? "unknown"],
    ["enrolled", s.enrolledAt === undefined ? "not yet" : `record ${s.enrolledAt} of the log`],
    ["register", formatKwh(s.register)],
    ["last reading", at(s.lastReading)],
    ["open slot", `since ${at(s.openSlot?.from)}, ${s.openSlot?.wh ?? 0} Wh`],
    ["closed days", `${s.unsealedDays} not sealed yet`],
    ["sealed", s.seq === 0 ? "none" : `${s.seq} records`],
    [
      "outbox",
      oldest === undefined
        ? "empty"
        : `${s.outbox.count} waiting, ${oldest} to ${newest}, ${s.outbox.held} held by the gateway`,
    ],
    [
      "last receipt",
      s.lastReceipt === undefined
        ? "none"
        : `record ${s.lastReceipt.seq} (${s.lastReceipt.date}) at ${s.lastReceipt.position} of ${s.lastReceipt.size}`,
    ],
    ["starts", String(s.boots)],
    ...s.alarms.map(({ code, at: raised, note }) => [
      "ALARM",
      `${code}: ${note} (since ${at(raised)})`,
    ]),
  ];
  return lines.map(([name, value]) => `${(name ?? "").padEnd(14)}${value}\n`).join("");
}
