// @ts-check
/** Elements from values. Every text becomes a text node, so that nothing a client or a guest wrote can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} id
 * @param {...(Node | string)} children
 */
export function show(id, ...children) {
  document.getElementById(id)?.replaceChildren(...children);
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * @param {string} text
 * @param {number} length
 */
export function clipped(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/**
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {readonly number[]} values */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {string} state */
export function stateClass(state) {
  if (["ready", "completed", "added", "replaced"].includes(state)) return "good";
  return ["failed", "trapped", "kept", "refused"].includes(state) ? "bad" : "warn";
}
