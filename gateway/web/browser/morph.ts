/**
 * Makes one part of a page like another with as few changes as can be: what is the same stays the same node, so that focus,
 * scroll and selection survive. What a reader has opened stays open. What a script keeps (`data-own`) gets the new facts, `data-…`, and is
 * left alone.
 */

/** What a reader has opened or shut. */
const READERS = new Set(["open"]);
/** What a script has added to an element. */
const SCRIPTS = new Set([...READERS, "tabindex", "role", "aria-label"]);

export function morph(target: Element, source: Element): void {
  copyAttributes(target, source);
  const wanted = [...source.childNodes];
  const own = [...target.childNodes];
  wanted.forEach((node, i) => {
    const there = own[i];
    if (there === undefined) target.append(document.importNode(node, true));
    else if (!isAlike(there, node)) there.replaceWith(document.importNode(node, true));
    else if (there instanceof Element && node instanceof Element) {
      if (there.hasAttribute("data-own")) copyData(there, node);
      else morph(there, node);
    } else if (there.nodeValue !== node.nodeValue) there.nodeValue = node.nodeValue;
  });
  for (const left of own.slice(wanted.length)) left.remove();
}

/** Whether one can become the other: the same sort of node, and the same id. */
function isAlike(a: Node, b: Node): boolean {
  if (a.nodeType !== b.nodeType || a.nodeName !== b.nodeName) return false;
  return !(a instanceof Element && b instanceof Element) || a.id === b.id;
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
