// [data-theme-switch]: the page changes at once; the form still tells the server.
import { on } from "./dom.js";

on("submit", "[data-theme-switch]", (event) => {
  if (event.submitter?.name === "theme") document.documentElement.dataset.theme = event.submitter.value;
});
