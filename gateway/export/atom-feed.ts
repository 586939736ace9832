/** The Atom feed (RFC 4287) that carries Green Button resources: ids, links and times around each. */
import { formatUtc, type Period } from "./slots.ts";
import { nameUuid } from "./uuid.ts";
import { escapeXml, formatXml, type XmlElement } from "./xml.ts";

export const RESOURCE = "/espi/1_1/resource";

interface Entry {
  readonly name: string;
  readonly title: string;
  readonly self: string;
  readonly up: string;
  readonly related?: readonly string[];
  readonly content: XmlElement;
  /** Unix seconds; of the newest reading when absent. */
  readonly at?: number;
}

/** Names, times and links of one export's entries. */
export class AtomFeed {
  readonly #name: string;
  readonly #updated: number;

  constructor(name: string, updated: number) {
    this.#name = name;
    this.#updated = updated;
  }

  id(name: string): string {
    return nameUuid(`${this.#name}/${name}`);
  }

  head(title: string, { from, to }: Period): string {
    const self = `${RESOURCE}/Batch/${this.id(`${from}/${to}`)}`;
    return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">${formatXml([
      ["id", `urn:uuid:${this.id(`${from}/${to}`)}`],
      ["title", title],
      ["updated", formatUtc(this.#updated)],
      ["author", [["name", "Wattproof"]]],
      [link("self", self), []],
    ])}\n`;
  }

  entry({ name, title, self, up, related = [], content, at = this.#updated }: Entry): string {
    const [element, value] = content;
    return `<entry>${formatXml([
      ["id", `urn:uuid:${this.id(name)}`],
      [link("self", self), []],
      [link("up", up), []],
      ...related.map((href): XmlElement => [link("related", href), []]),
      ["title", title],
      ['content type="application/xml"', [[`${element} xmlns="http://naesb.org/espi"`, value]]],
      ["published", formatUtc(at)],
      ["updated", formatUtc(at)],
    ])}</entry>\n`;
  }
}

function link(rel: string, href: string): string {
  return `link rel="${rel}" href="${escapeXml(href)}"`;
}
