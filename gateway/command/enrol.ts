/** `gateway enrol`: a join file for a new meter, or the enrol record for its request. */
import { readFileSync, writeFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { orderOffice } from "./office-order.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway enrol: brings a meter into the chain, in two steps

usage: gateway enrol --data DIR --meter ID [--location LAT,LON] [--zone ZONE] [--label TEXT]
                     [--out FILE]
       gateway enrol --data DIR --request FILE

  --data DIR        data folder of the gateway, running or not
  --meter ID        nine digits; begins the enrolment and writes the join file for the device; of a
                    meter that is known: for the device that takes its place (\`gateway exchange\`)
  --location L,L    degrees north and east
  --zone ZONE       IANA time zone of the meter; default the gateway's
  --label TEXT      name for people, shown on the portal
  --out FILE        where the join file goes; default standard output
  --request FILE    what \`meter keygen\` made of the join file; logs the enrolment, prints its leaf
  --clock SPEC      as for \`gateway run\`
`;

/** "52.5,13.4" → ten-millionths of a degree. Throws `usage`. */
function readLocation(text: string): [number, number] {
  const match = /^(-?\d{1,2}(?:\.\d{1,7})?),(-?\d{1,3}(?:\.\d{1,7})?)$/.exec(
    text.replace(/ /g, ""),
  );
  if (match === null) fail("usage", "--location is latitude,longitude in degrees");
  return [Math.round(Number(match[1]) * 1e7), Math.round(Number(match[2]) * 1e7)];
}

export async function enrol(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    meter: { type: "string" },
    location: { type: "string" },
    zone: { type: "string" },
    label: { type: "string" },
    out: { type: "string" },
    request: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const { meter, request, location, zone, label, out } = options;
  if ((meter === undefined) === (request === undefined)) {
    fail("usage", "either --meter or --request");
  }
  if (request !== undefined) {
    const file = readRequest(request);
    const { leaf } = (await orderOffice(place, "enrol-finish", { request: file })) as {
      leaf: string;
    };
    process.stdout.write(`${leaf}\n`);
    return 0;
  }
  const order = {
    meter,
    ...(zone === undefined ? {} : { zone }),
    ...(label === undefined ? {} : { label }),
    ...(location === undefined ? {} : { location: readLocation(location) }),
  };
  const { join } = (await orderOffice(place, "enrol-begin", order)) as { join: string };
  if (out === undefined) process.stdout.write(join);
  else writeFileSync(out, join, { mode: 0o600 });
  return 0;
}

function readRequest(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    fail("enrolment", `${path} cannot be read: ${(error as Error).message}`);
  }
}
