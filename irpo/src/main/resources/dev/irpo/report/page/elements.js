"use strict";

/*
 * An element of the page. Children are elements or texts; texts stay texts whatever they hold, since
 * nothing here ever parses HTML.
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value);
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/* Where a section's content goes. */
function contentOf(section) {
  return document.querySelector(`#${section} > .content`);
}

/* A part of a section, made when it is first asked for. */
function partOf(section, name) {
  const content = contentOf(section);
  let part = content.querySelector(`:scope > [data-part="${name}"]`);
  if (part === null) {
    part = element("div", { "data-part": name });
    content.append(part);
  }
  return part;
}

/*
 * Fills a part anew if what it is made of has changed; what was opened or closed in it stays so.
 *
 * data is what it is made of, make makes its elements
 */
function fill(part, data, make) {
  const text = JSON.stringify(data);
  if (filled.get(part) === text) {
    return;
  }
  filled.set(part, text);
  const nameOf = (details) => details.dataset.name ?? details.querySelector("summary").textContent;
  const before = new Map([...part.querySelectorAll("details")].map((details) => [nameOf(details), details.open]));
  part.replaceChildren(...[make()].flat().filter((child) => child !== null));
  for (const details of part.querySelectorAll("details")) {
    details.open = before.get(nameOf(details)) ?? details.open;
  }
}

const filled = new WeakMap(); // texts by parts

/* A table of texts or elements. */
function table(head, rows, attributes = {}) {
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      attributes,
      element("thead", {}, element("tr", {}, head.map((cell) => element("th", { scope: "col" }, cell)))),
      element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell) => element("td", {}, cell))))),
    ),
  );
}

const Text = {
  number(value, digits = 1) {
    return value === null || value === undefined ? "" : value.toFixed(digits).replace("-", "−");
  },

  count(value) {
    return value.toLocaleString("en-US");
  },

  percent(part, all) {
    return all === 0 ? "" : `${Text.number((100 * part) / all)} %`;
  },

  share(share) {
    return share === null ? "" : `${Text.number(share.percent)} ± ${Text.number(share.standardError)} %`;
  },

  /* Without the space that divides it from its prompt. */
  response(text) {
    return text.replace(/^ /, "");
  },

  logProb(value) {
    return value === null || value === undefined ? "not computed" : Text.number(value, 2);
  },
};
