/** `gateway user` and `gateway token`: who may use the portal, and which programs its API. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { fail } from "../../shared/base/error.ts";
import { systemRandomBytes } from "../app/system-clock.ts";
import { hashToken } from "../web/access/gate.ts";
import { hashPassword } from "../web/access/password.ts";
import { ROLES } from "../web/access/role.ts";
import { orderOffice } from "./office-order.ts";
import { readArguments, requireOption } from "./options.ts";

const USER_HELP = `gateway user: people who may use the portal

usage: gateway user add NAME --data DIR --role ROLE [--meters ID,ID]
       gateway user remove NAME --data DIR
       gateway user list --data DIR

  --data DIR     data folder of the gateway, running or not
  --role ROLE    operator (everything), auditor (everything but readings), or customer (the own meters)
  --meters IDS   meters of a customer, separated by commas

The password is read from standard input: typed without being shown, or piped. Adding a name
again changes its password, role and meters, and ends its sessions.
`;

const TOKEN_HELP = `gateway token: programs that may use the JSON API or /metrics

usage: gateway token add NAME --data DIR --role ROLE [--meters ID,ID]
       gateway token remove NAME --data DIR
       gateway token list --data DIR

  --role ROLE    operator, auditor, customer, or metrics (only /metrics)

The token is printed once and kept as a hash. Send it as "Authorization: Bearer TOKEN".
`;

const OPTIONS = {
  data: { type: "string" },
  role: { type: "string" },
  meters: { type: "string" },
  clock: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

interface Listed {
  readonly users: readonly ListedAccess[];
  readonly tokens: readonly ListedAccess[];
}
interface ListedAccess {
  readonly name: string;
  readonly role: string;
  readonly meters: readonly string[];
}

export function user(args: readonly string[]): Promise<number> {
  return manage(args, "user", USER_HELP, async (name, role, meters) => {
    const password = await hashPassword(await readSecret(), systemRandomBytes);
    return { order: { name, role, meters, password }, shown: undefined };
  });
}

export function token(args: readonly string[]): Promise<number> {
  return manage(args, "token", TOKEN_HELP, async (name, role, meters) => {
    const shown = `wpt_${Buffer.from(systemRandomBytes(32)).toString("base64url")}`;
    return { order: { name, role, meters, hash: hashToken(shown) }, shown };
  });
}

/** What `add` sends to the office, and what it prints. */
type MakeOrder = (
  name: string,
  role: string,
  meters: readonly string[],
) => Promise<{ readonly order: object; readonly shown: string | undefined }>;

async function manage(
  args: readonly string[],
  kind: "user" | "token",
  help: string,
  make: MakeOrder,
): Promise<number> {
  const { values, words } = readArguments(args, OPTIONS);
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [action, name, ...more] = words;
  const place = { data: requireOption(values.data, "data"), clock: values.clock ?? "real" };
  if (action === "list" && name === undefined) {
    const { users, tokens } = (await orderOffice(place, "users", {})) as Listed;
    for (const one of kind === "user" ? users : tokens) {
      process.stdout.write(`${[one.name, one.role, ...one.meters].join(" ")}\n`);
    }
    return 0;
  }
  if (name === undefined || more.length > 0) fail("usage", `\`gateway ${kind} --help\` explains`);
  if (action === "remove") {
    const { dropped } = (await orderOffice(place, `${kind}-drop`, { name })) as {
      dropped: boolean;
    };
    if (!dropped) fail("not-found", `there is no ${kind} ${name}`);
    return 0;
  }
  if (action !== "add") fail("usage", "add, remove or list");
  const role = requireOption(values.role, "role");
  if (!ROLES.some((known) => known === role)) fail("usage", `--role is one of ${ROLES.join(", ")}`);
  const meters = (values.meters ?? "").split(",").filter((id) => id !== "");
  if ((role === "customer") !== meters.length > 0) fail("usage", "--meters belongs to a customer");
  const { order, shown } = await make(name, role, meters);
  await orderOffice(place, `${kind}-put`, order);
  if (shown !== undefined) process.stdout.write(`${shown}\n`);
  return 0;
}

/** One line of standard input; on a terminal what is typed is not shown. */
async function readSecret(): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  if (isTerminal) process.stderr.write("Password: ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal });
  for await (const line of lines) {
    lines.close();
    if (isTerminal) process.stderr.write("\n");
    return line;
  }
  fail("password", "no password was given");
}
