/**
 * Makes one part of a page like another with as few changes as can be: what is the same stays the same node, so that focus,
 * scroll and selection survive. What a reader has opened stays open. What a script keeps (`data-own`) gets the new facts, `data-…`,
 * and is left alone.
 */

/** What a reader has opened or shut. */
const READERS = new Set(["open"]);
/** What a script has added to an element. */
const SCRIPTS = new Set([...READERS, "tabindex", "role", "aria-label"]);

export function morph(target: Element, source: Element): void {
  copyAttributes(target, source);
  const named = new Map([...target.children].map((child) => [child.id, child]));
  const kept = new Set<Node>();
  let cursor = target.firstChild;
  for (const node of [...source.childNodes]) {
    const name = node instanceof Element ? node.id : "";
    const there = name === "" ? findAlike(cursor, node) : named.get(name);
    if (there === undefined || there.nodeName !== node.nodeName) {
      const fresh = document.importNode(node, true);
      target.insertBefore(fresh, cursor);
      kept.add(fresh);
      continue;
    }
    kept.add(there);
    // A named element may have stood elsewhere; whatever is between is taken out in the end.
    if (name === "" || there === cursor) cursor = there.nextSibling;
    else target.insertBefore(there, cursor);
    become(there, node);
  }
  for (const left of [...target.childNodes]) if (!kept.has(left)) left.remove();
}

/** The next of what is there that this can be: a text only in its turn, an element also further on. */
function findAlike(cursor: ChildNode | null, node: Node): ChildNode | undefined {
  if (!(node instanceof Element)) {
    return cursor?.nodeType === node.nodeType ? cursor : undefined;
  }
  const canBe = (one: ChildNode): one is ChildNode & Element =>
    one instanceof Element && one.id === "" && one.nodeName === node.nodeName;
  for (let one = cursor; one !== null; one = one.nextSibling) {
    if (canBe(one) && one.getAttribute("class") === node.getAttribute("class")) return one;
  }
  return cursor !== null && canBe(cursor) ? cursor : undefined;
}

function become(there: ChildNode, node: ChildNode): void {
  if (!(there instanceof Element && node instanceof Element)) {
    if (there.nodeValue !== node.nodeValue) there.nodeValue = node.nodeValue;
  } else if (there.hasAttribute("data-own")) copyData(there, node);
  else morph(there, node);
}

function copyAttributes(target: Element, source: Element): void {
  for (const { name } of [...target.attributes]) {
    if (!source.hasAttribute(name) && !SCRIPTS.has(name)) target.removeAttribute(name);
  }
  for (const { name, value } of source.attributes) {
    if (!READERS.has(name) && target.getAttribute(name) !== value) target.setAttribute(name, value);
  }
}

function copyData(target: Element, source: Element): void {
  for (const { name, value } of source.attributes) {
    if (name.startsWith("data-")) target.setAttribute(name, value);
  }
}
