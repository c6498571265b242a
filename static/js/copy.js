// <button data-copy="#id"> copies that element's text, <button data-copy-text="…"> the text itself.
import { each, on } from "./dom.js";
import { toast } from "./toasts.js";

each("[data-copy], [data-copy-text]", (button) => (button.hidden = !navigator.clipboard));

on("click", "[data-copy], [data-copy-text]", async (event, button) => {
  const source = button.dataset.copy && document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(button.dataset.copyText ?? source?.value ?? source?.textContent.trim() ?? "");
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1500);
  toast("copied");
});
