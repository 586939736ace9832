/** Elements of a page from names, attributes and texts; texts become text nodes, never markup. */
export type Content = HTMLElement | string;

export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...content: readonly Content[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...content);
  return made;
}

export function clear(parent: HTMLElement): void {
  parent.replaceChildren();
}

/** A table that scrolls by itself where it is too wide. A head that begins with # is over numbers. */
export function table(
  kind: string,
  heads: readonly string[],
  rows: readonly HTMLElement[],
  foot?: readonly HTMLElement[],
): HTMLElement {
  const cells = heads.map((text) =>
    text.startsWith("#")
      ? element("th", { scope: "col", class: "num" }, text.slice(1))
      : element("th", { scope: "col" }, text),
  );
  const head = element("thead", {}, element("tr", {}, ...cells));
  const parts = [head, element("tbody", {}, ...rows)];
  if (foot !== undefined) parts.push(element("tfoot", {}, element("tr", {}, ...foot)));
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": kind },
    element("table", { class: kind }, ...parts),
  );
}
