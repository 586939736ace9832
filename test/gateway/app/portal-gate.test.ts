/** Signing in at a running gateway: the set-up link of the first start, users and tokens by command, over real HTTP. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { LiveGateway } from "../../support/live-gateway.ts";
import { makeTestFolder, runCli } from "../../support/process.ts";

const gateway = (args: readonly string[], input = "") => runCli("gateway", args, 30_000, input);

/** Cookies of a response, as a browser would send them. */
const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");

async function postForm(url: URL, cookie: string, form: Record<string, string>): Promise<Response> {
  return fetch(url, {
    method: "POST",
    redirect: "manual",
    headers: { cookie, origin: url.origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
}

test("the first start prints a link that makes the operator; commands admit others", async (t) => {
  const root = makeTestFolder();
  const house = new LiveGateway(root, { portal_access: "sign-in" });
  t.after(async () => {
    await house.stop();
    rmSync(root, { recursive: true, force: true });
  });
  await house.start();
  const link = new URL(String(house.events.find(({ event }) => event === "set-up")?.["link"]));
  assert.equal((await fetch(new URL("/", link))).status, 401);

  const page = await fetch(link);
  const [, token = ""] = /name="token" value="([^"]+)"/.exec(await page.text()) ?? [];
  const key = link.searchParams.get("key") ?? "";
  const form = { token, key, name: "olga", password: "a long password" };
  const made = await postForm(new URL("/set-up", link), cookiesOf(page), form);
  assert.equal(made.status, 303);
  const session = cookiesOf(made);
  const alarms = await fetch(new URL("/alarms", link), { headers: { cookie: session } });
  assert.equal(alarms.status, 200);

  const data = ["--data", root];
  const short = await gateway(["user", "add", "adam", ...data, "--role", "auditor"], "short\n");
  assert.match(short.stderr, /^gateway: password: /);
  const added = await gateway(
    ["user", "add", "adam", ...data, "--role", "auditor"],
    "another password\n",
  );
  assert.deepEqual([added.code, added.stderr], [0, ""]);
  assert.equal((await gateway(["user", "list", ...data])).stdout, "adam auditor\nolga operator\n");

  const issued = (
    await gateway(["token", "add", "prometheus", ...data, "--role", "metrics"])
  ).stdout.trim();
  assert.match(issued, /^wpt_[A-Za-z0-9_-]{43}$/);
  const headers = { authorization: `Bearer ${issued}` };
  const metrics = await fetch(new URL("/metrics", link), { headers });
  assert.equal(metrics.status, 200);
  assert.match(await metrics.text(), /^wattproof_chain_height \d+$/m);
  assert.equal((await fetch(new URL("/api/v1/blocks", link), { headers })).status, 403);
  assert.equal((await gateway(["token", "remove", "prometheus", ...data])).code, 0);
  assert.equal((await fetch(new URL("/metrics", link), { headers })).status, 401);
  assert.match(
    (await gateway(["token", "remove", "prometheus", ...data])).stderr,
    /^gateway: not-found: /,
  );

  await house.stop();
  house.events.length = 0;
  await house.start();
  assert.equal(
    house.events.some(({ event }) => event === "set-up"),
    false,
  );
  const url = new URL(
    "/alarms",
    String(house.events.find(({ event }) => event === "ready")?.["portal"]),
  );
  const again = await fetch(url, { headers: { cookie: session } });
  assert.equal(again.status, 200, "a session outlives a restart");
});

test("a portal that others reach is never open", async () => {
  const root = makeTestFolder();
  const house = new LiveGateway(root, { portal_host: "0.0.0.0", portal_access: "open" });
  await assert.rejects(house.start(), { code: "config" });
  rmSync(root, { recursive: true, force: true });
});

test("a customer has meters, nobody else", async () => {
  const wrong: readonly string[][] = [
    ["user", "add", "carl", "--data", "/nowhere", "--role", "customer"],
    ["user", "add", "carl", "--data", "/nowhere", "--role", "auditor", "--meters", "352522395"],
    ["user", "add", "carl", "--data", "/nowhere", "--role", "king"],
    ["user", "add", "--data", "/nowhere"],
    ["user", "--data", "/nowhere"],
    ["token", "burn", "carl", "--data", "/nowhere"],
  ];
  for (const args of wrong) {
    assert.equal((await gateway(args, "a long password\n")).code, 2, args.join(" "));
  }
});
