/** Test only: what systemd would hear. in: a test → out: a real datagram socket, read by a Python program, its messages. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { makeTestFolder } from "./process.ts";
import { findProgram } from "./system-part.ts";

/** Prints each datagram as one line of JSON. */
const RECEIVER = `
import array, json, os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("ready", flush=True)
while True:
    data, ancillary, _, _ = receiver.recvmsg(4096, 1024)
    if data != b"BARRIER=1":
        print(json.dumps(data.decode()), flush=True)
    for level, kind, content in ancillary:
        fds = array.array("i")
        fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        for fd in fds:
            os.close(fd)
`;

/** A datagram socket as systemd has one, and what it has heard, a text a message. */
export async function listenForNotices(
  t: TestContext,
): Promise<{ socket: string; heard: string[] }> {
  const socket = path.join(makeTestFolder(), "notify");
  const child = spawn(findProgram("python3") ?? "python3", ["-c", RECEIVER, socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const heard: string[] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  lines.on("line", (line) => heard.push(JSON.parse(line) as string));
  return { socket, heard };
}
