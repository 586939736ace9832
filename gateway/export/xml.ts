/** XML 1.0 text that is always well formed: elements from data, everything escaped. */

/** An element's content: text or number, or more elements; `undefined` leaves the element out. */
export type XmlValue = string | number | readonly XmlElement[];
export type XmlElement = readonly [name: string, value: XmlValue | undefined];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Control characters and what else XML 1.0 does not allow become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (one) => ("\t\n\r".includes(one) ? one : "\ufffd"))
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}

export function formatXml(elements: readonly XmlElement[]): string {
  return elements.map(formatElement).join("");
}

function formatElement([name, value]: XmlElement): string {
  if (value === undefined) return "";
  const content = typeof value === "object" ? formatXml(value) : escapeXml(String(value));
  // A name may carry attributes; its end tag does not.
  return content === "" ? `<${name}/>` : `<${name}>${content}</${name.split(" ")[0]}>`;
}
