/**
 * What the demo says: a banner, then one line for each day sealed, block mined, bill issued and alarm raised.
 * in: plain facts → out: lines of text, coloured only on a terminal that wants colour.
 */

export interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly red: (text: string) => string;
  readonly blue: (text: string) => string;
}

const paint =
  (on: boolean, code: number) =>
  (text: string): string =>
    on ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Colour on a terminal, unless NO_COLOR is set (no-color.org). */
export function createPalette(isTerminal: boolean, noColor: string | undefined): Palette {
  const on = isTerminal && (noColor === undefined || noColor === "");
  return {
    bold: paint(on, 1),
    dim: paint(on, 2),
    green: paint(on, 32),
    yellow: paint(on, 33),
    red: paint(on, 31),
    blue: paint(on, 36),
  };
}

export interface Banner {
  readonly portal: string;
  readonly broker: { readonly host: string; readonly port: number };
  /** First topic levels of this chain, for example `wattproof/1a2b3c4d`. */
  readonly topic: string;
  readonly folder: string;
  readonly secondsPerDay: number;
  readonly continued: boolean;
  readonly meters: readonly { readonly meter: string; readonly label: string }[];
  /** What differs from the defaults and why. */
  readonly notes: readonly string[];
}

export type DemoFact =
  | { readonly kind: "day"; readonly meter: string; readonly date: string; readonly wh: number }
  | {
      readonly kind: "block";
      readonly height: number;
      readonly records: number;
      readonly hash: string;
      readonly date: string;
    }
  | {
      readonly kind: "bill";
      readonly meter: string;
      readonly month: string;
      readonly amount: string;
    }
  | { readonly kind: "alarm"; readonly code: string; readonly detail: string };

const LABEL_WIDTH = 7;

/** The banner: where to look, how to watch, how to stop. */
export function formatBanner(banner: Banner, palette: Palette): string[] {
  const { bold, dim, blue } = palette;
  const { host, port } = banner.broker;
  const meters = banner.meters.map(({ meter, label }) => `  ${meter}  ${dim(label)}`);
  const beginning = banner.continued ? "The chain goes on where it stopped" : "A new chain begins";
  return [
    "",
    `${bold("Wattproof")}  ${dim("meter readings that can be proved, bills that anyone can check")}`,
    "",
    `  Portal   ${blue(banner.portal)}`,
    `  Watch    mosquitto_sub -h ${host} -p ${port} -v -t '${banner.topic}/#'`,
    `  Data     ${banner.folder}`,
    `  Pace     a day every ${banner.secondsPerDay} s. ${beginning}. ${bold("Ctrl-C")} stops it.`,
    ...banner.notes.map((note) => `  Note     ${note}`),
    "",
    ...meters,
    "",
  ];
}

/** One fact, one line. */
export function formatFact(fact: DemoFact, palette: Palette): string {
  const { bold, dim, green, yellow, red, blue } = palette;
  switch (fact.kind) {
    case "day": {
      const kwh = (fact.wh / 1000).toFixed(2).padStart(8);
      return `${dim(fact.date)}  ${green("sealed".padEnd(LABEL_WIDTH))} ${fact.meter}  ${bold(kwh)} ${dim("kWh")}`;
    }
    case "block": {
      const records = `${fact.records} ${fact.records === 1 ? "record" : "records"}`;
      return `${dim(fact.date)}  ${blue("block".padEnd(LABEL_WIDTH))} ${bold(`#${fact.height}`.padEnd(9))}  ${records.padStart(11)}  ${dim(fact.hash.slice(0, 16))}`;
    }
    case "bill":
      return `${dim(fact.month.padEnd(10))}  ${yellow("bill".padEnd(LABEL_WIDTH))} ${fact.meter}  ${bold(fact.amount.padStart(12))}`;
    case "alarm":
      return `${" ".repeat(10)}  ${red("alarm".padEnd(LABEL_WIDTH))} ${fact.code}  ${fact.detail}`;
  }
}
