// Messages in #toasts: closable, gone after a while unless the pointer or focus is on them, errors stay. Texts for those made
// here stand in the region's data-text-… attributes, so that no script holds words.
import { each, on } from "./dom.js";

const region = document.getElementById("toasts");

export const words = (key) => region?.dataset[`text${key[0].toUpperCase()}${key.slice(1)}`] ?? "";

/** Show one of the region's prepared texts. */
export function toast(key, level = "info") {
  if (!region || !words(key)) return;
  const element = document.createElement("div");
  element.className = `toast toast-${level}`;
  element.dataset.toast = "";
  const text = document.createElement("p");
  text.textContent = words(key);
  element.append(text);
  region.append(element);
  settle(element);
}

function settle(element) {
  if (element.dataset.settled !== undefined) return;
  element.dataset.settled = "";
  element.querySelector("[data-toast-close]")?.removeAttribute("hidden");
  if (element.classList.contains("toast-error")) {
    if (!element.querySelector("[data-toast-close]")) setTimeout(() => element.remove(), 12_000);
    return;
  }
  // Long enough to read, longer when there is something to undo.
  const stay = (element.querySelector("form") ? 10_000 : 4_000) + element.textContent.trim().length * 45;
  let timer = setTimeout(() => element.remove(), stay);
  const hold = () => clearTimeout(timer);
  const go = () => (timer = setTimeout(() => element.remove(), 3_000));
  element.addEventListener("pointerenter", hold);
  element.addEventListener("focusin", hold);
  element.addEventListener("pointerleave", go);
  element.addEventListener("focusout", go);
}

each(".toasts [data-toast]", settle);
on("click", "[data-toast-close]", (event, button) => button.closest("[data-toast]").remove());
// What a page fetches by itself, [data-quiet], is fetched again anyway: nobody asked for it, nobody is told.
for (const type of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(type, ({ detail }) => detail.elt?.matches("[data-quiet]") || toast("failed", "error"));
}
