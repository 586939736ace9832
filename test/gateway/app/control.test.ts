import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { askGateway } from "../../../gateway/app/control-client.ts";
import { startControlServer } from "../../../gateway/app/control-server.ts";
import { fail, isCoded } from "../../../shared/base/error.ts";

function makeFolder(t: { after(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "wattproof-control-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a request is answered, an error keeps its code, and only the owner may ask", async (t) => {
  const path = join(makeFolder(t), "control.sock");
  const server = await startControlServer(path, async (method, parameters) => {
    if (method === "echo") return parameters;
    return fail("enrolment", "not begun here");
  });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(await askGateway(path, "echo", { meter: "352522395", n: 1 }), {
    result: { meter: "352522395", n: 1 },
  });
  await assert.rejects(askGateway(path, "other", {}), (error) => isCoded(error, "enrolment"));
  await server.close();
});

test("what is no request is answered with a code and changes nothing", async (t) => {
  const path = join(makeFolder(t), "control.sock");
  const server = await startControlServer(path, async () => assert.fail("nothing was asked"));
  for (const line of ["not json", "[]", "null", '{"method":3}']) {
    const socket = connect(path);
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.once("end", () => resolve(text));
      socket.write(`${line}\n`);
    });
    assert.equal((JSON.parse(answer) as { error: { code: string } }).error.code, "control", line);
  }
  await server.close();
});

test("a gateway that does not answer is not waited for for ever", async (t) => {
  const path = join(makeFolder(t), "control.sock");
  let answer: (value: unknown) => void = () => {};
  const server = await startControlServer(path, () => new Promise((resolve) => (answer = resolve)));
  await assert.rejects(
    askGateway(path, "status", {}, 50),
    (error) => isCoded(error, "control") && /no answer/.test(error.message),
  );
  answer({});
  await server.close();
});

test("nobody there: undefined; a socket file that a killed gateway left is replaced", async (t) => {
  const path = join(makeFolder(t), "control.sock");
  assert.equal(await askGateway(path, "status", {}), undefined);
  writeFileSync(path, "");
  const server = await startControlServer(path, async () => ({ ok: 1 }));
  assert.deepEqual(await askGateway(path, "status", {}), { result: { ok: 1 } });
  await server.close();
});
