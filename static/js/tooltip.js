// Escape puts a tooltip away until the pointer or focus has left.
import { on } from "./dom.js";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const element of document.querySelectorAll(".tip:hover, .tip:focus")) element.dataset.tipOff = "";
});
on("pointerout", ".tip[data-tip-off]", (event, element) => delete element.dataset.tipOff);
on("focusout", ".tip[data-tip-off]", (event, element) => delete element.dataset.tipOff);
