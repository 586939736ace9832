/** XML 1.0 text that is always well formed: elements from data, everything escaped. */

/** XML that is well formed already: what stands in a file thousands of times is written by hand. */
export interface ReadyXml {
  readonly xml: string;
}
/** An element's content: text or number, or more elements; `undefined` leaves the element out. */
export type XmlValue = string | number | readonly XmlElement[] | ReadyXml;
export type XmlElement = readonly [name: string, value: XmlValue | undefined];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Anything but plain characters that mean nothing to XML. */
const UNUSUAL = /[^\x20-\x7e]|[&<>"']/;

/** Control characters and what else XML 1.0 does not allow become U+FFFD. */
export function escapeXml(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (one) => ("\t\n\r".includes(one) ? one : "\ufffd"))
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}

export function formatXml(elements: readonly XmlElement[]): string {
  return elements.map(formatElement).join("");
}

function formatElement([name, value]: XmlElement): string {
  if (value === undefined) return "";
  if (typeof value === "number") return `<${name}>${value}</${name}>`;
  const content = formatContent(value);
  // A name may carry attributes; its end tag does not.
  return content === "" ? `<${name}/>` : `<${name}>${content}</${name.split(" ")[0]}>`;
}

function formatContent(value: Exclude<XmlValue, number>): string {
  if (typeof value === "string") return escapeXml(value);
  return "xml" in value ? value.xml : formatXml(value);
}
