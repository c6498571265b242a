// <form data-unsaved-guard>: the browser asks before changes that were not saved are left behind.
import { on } from "./dom.js";

const changed = new Set();

on("input", "form[data-unsaved-guard]", (event, form) => changed.add(form));
on("submit", "form[data-unsaved-guard]", (event, form) => changed.delete(form));
document.addEventListener("htmx:afterSwap", () => changed.forEach((form) => form.isConnected || changed.delete(form)));
addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});
