// <a data-lightbox href="picture">: opens the whole picture over the page; with a key held, or without a script, as a link.
import { on } from "./dom.js";

on("click", "a[data-lightbox]", (event, link) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const dialog = document.createElement("dialog");
  dialog.className = "lightbox";
  const image = document.createElement("img");
  image.src = link.href;
  image.alt = link.querySelector("img")?.alt ?? "";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-small";
  close.textContent = link.dataset.lightboxClose;
  dialog.append(image, close);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
});
