/**
 * The process that reads the sensors: native modules and their threads live here, so that a call that never returns
 * stops this process and not the meter.
 *
 * In: the folders where pulses are counted, the durable one first. It serves `open` and `read` over the channel to its
 * parent (message.ts) until that is closed, which the kernel does however the parent ends. All sources share the ports, so
 * that parts on one line never talk at the same time. It ends by SIGKILL: `process.exit` waits for every thread, and one
 * may hang in a native call.
 */
import type { Json } from "../../shared/base/canonical-json.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { openLinuxPorts } from "../linux/linux-ports.ts";
import { openSensors } from "../open-source.ts";
import type { Ports } from "../port/ports.ts";
import { type Source, SourceSilent } from "../source.ts";
import { decodeSources, sensorsOf } from "../source-config.ts";
import { decodeRequest, encodeSample, type Request } from "./message.ts";

/** A sample waits this long for its slowest part. */
const PATIENCE_MS = 2_500;
/** Native modules may not let go of a port; the process ends all the same. */
const CLOSING_MS = 1_000;

const [state, memory] = process.argv.slice(2);
const folders = state === undefined ? undefined : { state, ...(memory && { memory }) };
const ports = openLinuxPorts(folders, (what) => {
  process.stderr.write(`${what}: a call hangs in the kernel; the sensors' process ends\n`);
  void end();
});
/** Ports belong to the process, not to one of its sources. */
const lent: Ports = { ...ports, close: async () => {} };
const sources = new Map<number, Promise<Source>>();

async function answer(request: Request): Promise<Json> {
  const { id } = request;
  try {
    if (request.op === "open") {
      const configs = sensorsOf(decodeSources(request.configs));
      const opening = openSensors(configs, lent, { patienceMs: PATIENCE_MS, reopen: true });
      sources.set(request.source, opening);
      await opening;
      return { op: "opened", id };
    }
    const source = await sources.get(request.source);
    if (source === undefined) fail("internal", `source ${request.source} was not opened`);
    return encodeSample(id, await source.read(request.at));
  } catch (error) {
    if (!isCoded(error)) throw error;
    const faults = error instanceof SourceSilent ? error.faults : [];
    const said = faults.map((fault) => ({ ...fault }));
    return { op: "failed", id, code: error.code, message: error.message, faults: said };
  }
}

function endAtOnce(): void {
  process.kill(process.pid, "SIGKILL");
}

async function end(): Promise<void> {
  setTimeout(endAtOnce, CLOSING_MS).unref();
  for (const source of sources.values()) await (await source.catch(() => undefined))?.close();
  await ports.close();
  endAtOnce();
}

process.on("message", (message) => {
  void answer(decodeRequest(message as Json)).then((reply) => {
    if (process.connected) process.send?.(reply);
  });
});
process.on("disconnect", () => void end());
// The parent is told to stop and stops this process in its turn, when nothing is left to be read.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
