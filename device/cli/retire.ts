/** `meter retire`: takes the meter out. Its last day ends now; prints what the swap needs to know. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { realTiming } from "../../hardware/port/timing.ts";
import { fail } from "../../shared/base/error.ts";
import { Journal } from "../journal/journal.ts";
import { isConcluded } from "../journal/retirement.ts";
import { formatKwh } from "../meter-event.ts";
import { type DataFolder, dataFolder, readJoin } from "../run/data-folder.ts";
import { runMeter } from "../run/meter.ts";
import { askToRetire } from "../run/status-server.ts";
import { type MeterStatus, readStatus } from "../status.ts";
import { createLinuxClock } from "../time/linux-clock.ts";
import { readOptions, requireOption } from "./options.ts";
import { prepareMeter, readClock } from "./run.ts";

const HELP = `meter retire: take this meter out: seal the day up to now, publish it, print the final register

usage: meter retire --data DIR [--config FILE] [--clock SPEC] [--wait SECONDS] [--json]

  --data DIR      the meter's data folder
  --config FILE   the configuration, for when no meter runs (default: meter.json in the data folder)
  --clock SPEC    as of \`meter run\`, for when no meter runs
  --wait SECONDS  how long to wait for the receipt of the last day (default 60)
  --json          print one JSON object

Works while \`meter run\` runs on the folder, which then measures no more and goes on sending what waits, and when
none runs. The last day ends with the last whole slot; what was counted since then is printed as unmetered. Nothing
is sealed after that day, for ever; asked again, it prints the same. Ends with 1 when the log does not have all yet:
leave the meter connected, or ask again.
`;

const LOOK_MS = 100;
/** Why a running meter cannot be taken out now. */
const REFUSALS: { readonly [code: string]: string } = {
  clock:
    "the clock is not known, so nobody could say when the last day ends: connect the network once",
  storage: "the card is full and readings wait in memory: free space on the card first",
};

export async function retire(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const spec = {
    data: text,
    config: text,
    clock: text,
    wait: text,
    json: { type: "boolean" },
  } as const;
  const options = readOptions(args, spec, HELP);
  if (options === undefined) return 0;
  const folder = requireOption(options.data, "data");
  const files = dataFolder(folder);
  const waitMs = 1000 * Number(options.wait ?? "60");
  if (!(waitMs >= 0)) fail("usage", "--wait is a number of seconds. See --help.");
  const clockSpec = readClock(options.clock ?? "real");
  if (!existsSync(files.journal)) fail("no-meter", "nothing has been measured in this folder yet");
  const deadline = performance.now() + waitMs;
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let failure: unknown;
  if (!look(files).isOver) {
    const answer = await askToRetire(files.socket);
    if (answer?.code !== undefined) fail("retire", REFUSALS[answer.code] ?? answer.code);
    if (answer === undefined) {
      const system = createLinuxClock({ monotonicMs: realTiming.monotonicMs });
      const host = { open: () => fail("config", "no sensor is read") };
      const common = { clockSpec, system, format: "text", host, signal: stop.signal } as const;
      const prepared = prepareMeter(folder, options.config, common);
      running = runMeter({ ...prepared, report: () => undefined, retire: true }).catch((error) => {
        failure = error;
      });
    }
  }
  let now = look(files);
  while (!now.isOver && failure === undefined && performance.now() < deadline) {
    await sleep(LOOK_MS);
    now = look(files);
  }
  stop.abort();
  await running;
  if (failure !== undefined) throw failure;
  const { isOver, status } = look(files);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(outcome(status, isOver))}\n`
      : describe(status, isOver),
  );
  return isOver ? 0 : 1;
}

/** How far it is; over when the last day is sealed and all that was sealed is in the log. */
function look(files: DataFolder): { readonly isOver: boolean; readonly status: MeterStatus } {
  const journal = new Journal(files.journal, { readOnly: true });
  try {
    const status = readStatus(journal, readJoin(files.join).time_zone);
    return { isOver: isConcluded(journal) && status.outbox.count === 0, status };
  } finally {
    journal.close();
  }
}

function outcome({ meter, retired, seq }: MeterStatus, isOver: boolean) {
  return { meter, ...retired, seq, in_log: isOver };
}

function describe(status: MeterStatus, isOver: boolean): string {
  const { meter = "", retired, enrolledAt, outbox, unsealedDays, alarms } = status;
  if (retired === undefined) return "not yet: the meter was asked to end, and has not ended\n";
  const { to, final, unmetered } = retired;
  const waits =
    enrolledAt === undefined
      ? "waits: not enrolled, so the days cannot be sealed"
      : `waits: ${unsealedDays} days to be sealed, ${outbox.count} records without a receipt`;
  const stopped = alarms.find(({ code }) => ["frozen", "restored", "revoked"].includes(code));
  const end = new Date(to * 1000).toISOString().replace(".000Z", "Z");
  const receipt = isOver ? "all records are in the log" : (stopped?.note ?? waits);
  const swap = `gateway exchange --meter ${meter} --at ${to} --final ${final} --unmetered ${unmetered} --first 0 --request FILE --data DIR`;
  const lines: readonly (readonly [string, string])[] = [
    ["retired", `${meter}, the last day ends at ${end}`],
    ["final", `${final} Wh (${formatKwh(final)})`],
    ["unmetered", `${unmetered} Wh counted since then`],
    ["log", receipt],
    ["next", swap],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)} ${value}\n`).join("");
}
