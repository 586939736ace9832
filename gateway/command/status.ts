/** `gateway status`: what a running gateway is doing, as one JSON object. */
import { fail } from "../../shared/base/error.ts";
import { askGateway } from "../app/control-client.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway status: shows what a running gateway is doing, as JSON

usage: gateway status --data DIR
`;

export async function status(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { control, root } = locateDataFolder(requireOption(options.data, "data"));
  const answer = await askGateway(control, "status", {});
  if (answer === undefined) fail("no-gateway", `no gateway runs on ${root}`);
  process.stdout.write(`${JSON.stringify(answer.result, null, 2)}\n`);
  return 0;
}
