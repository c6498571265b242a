// <textarea data-keep="key">: what is typed comes back when its place is drawn anew, until it was sent. Kept by this page
// only, so that a shared machine remembers nothing.
import { each, on } from "./dom.js";

const typed = new Map();

on("input", "[data-keep]", (event, field) => typed.set(field.dataset.keep, field.value));

each("[data-keep]", (field) => {
  const known = typed.get(field.dataset.keep);
  // What the server put there is newer: words that were refused, or that are written anew.
  if (field.value) typed.set(field.dataset.keep, field.value);
  else if (known) {
    field.value = known;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.requestConfig?.elt;
  if (detail.xhr.status < 300 && detail.requestConfig?.verb === "post") {
    form?.querySelectorAll?.("[data-keep]").forEach((field) => typed.delete(field.dataset.keep));
  }
});
