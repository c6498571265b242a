// [data-dialog-open="id"] opens a <dialog>; [data-dialog-close] closes the one around it. A link that opens a dialog keeps
// its href: without a script it leads to the page that asks the same. [data-dialog-typed="word"] inside a dialog holds its
// submit button back until the word is typed.
import { each, on } from "./dom.js";

on("click", "[data-dialog-open]", (event, opener) => {
  const dialog = document.getElementById(opener.dataset.dialogOpen);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
});
on("click", "[data-dialog-close]", (event, button) => {
  const dialog = button.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
// A click on the backdrop is a click on the dialog itself.
on("click", "dialog.dialog, dialog.sheet", (event, dialog) => event.target === dialog && dialog.close());

each("[data-dialog-typed]", (field) => {
  const button = field.form?.querySelector("[type=submit]");
  if (!button) return;
  const check = () => (button.disabled = field.value.trim() !== field.dataset.dialogTyped);
  field.addEventListener("input", check);
  check();
});
