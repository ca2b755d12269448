/* Elements, made and replaced. Text never becomes markup: every string is a text node. */

/**
 * An element with attributes (`onclick` and its kind are listeners; true is an empty attribute, false and null none).
 * @param {string} tag
 * @param {Object<string, unknown>} attributes
 * @param {...(Node | string | null | false | Array)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  node.append(...present(children));
  return node;
}

/**
 * A button that can be told apart after its section was drawn anew, and keeps the focus then.
 * @param {string} key
 * @param {string} text
 * @param {() => void} act
 * @param {Object<string, unknown>} more
 */
export function button(key, text, act, more = {}) {
  return el('button', { type: 'button', class: 'mlops-button', 'data-key': key, onclick: act, ...more }, text);
}

/**
 * Replace what an element holds; the focus stays on the element with the same `data-key`.
 * @param {HTMLElement} container
 * @param {...(Node | string | null | false | Array)} children
 */
export function fill(container, ...children) {
  const focused = document.activeElement;
  const key = focused && container.contains(focused) ? focused.getAttribute('data-key') : null;
  container.replaceChildren(...present(children));
  if (key !== null) {
    /** @type {HTMLElement | null} */ (container.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
  }
}

/**
 * Text with `code` between backticks.
 * @param {string} text
 * @returns {Array<Node | string>}
 */
export function prose(text) {
  return text.split('`').map((part, at) => (at % 2 ? el('code', {}, part) : part));
}

/**
 * A mark with its word: the mark is for the eye, the word for everybody.
 * @param {[string, string]} said mark and word
 * @param {string} status
 */
export function mark([sign, word], status) {
  return el('span', { class: 'mlops-verdict', 'data-status': status }, el('span', { 'aria-hidden': 'true' }, sign), ` ${word}`);
}

function present(children) {
  return children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false && child !== '');
}
