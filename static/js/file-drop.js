// <label data-file-drop> around a file input: takes a dropped file and shows the names that were chosen.
import { each } from "./dom.js";

each("[data-file-drop]", (area) => {
  const input = area.querySelector("input[type=file]");
  const names = area.querySelector("[data-file-names]");
  const show = () => {
    if (names) names.textContent = [...input.files].map((file) => file.name).join(", ");
  };
  input.addEventListener("change", show);
  for (const type of ["dragenter", "dragover"]) {
    area.addEventListener(type, (event) => {
      event.preventDefault();
      area.dataset.over = "";
    });
  }
  for (const type of ["dragleave", "drop"]) area.addEventListener(type, () => delete area.dataset.over);
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (input.disabled || !event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
});
