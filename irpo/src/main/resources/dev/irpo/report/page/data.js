"use strict";

/* The data of the page lies in scripts of a type that no browser runs: base64 of compressed JSON. */
const Data = {
  elements(name) {
    return [...document.querySelectorAll(`script[data-name="${name}"]`)];
  },

  /* Reads a block; its text is of no more use then. */
  async read(element) {
    element.remove();
    return Data.unpack(element.textContent);
  },

  async unpack(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      bytes[i] = text.charCodeAt(i);
    }
    const json = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(json).json();
  },

  /* Lets the browser draw and answer. */
  pause() {
    return new Promise((resolve) => setTimeout(resolve));
  },
};
