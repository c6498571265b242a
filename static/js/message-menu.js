// <a data-message-menu>: what can be done with a message, fetched into #message-menu and opened beside the link. Without a
// script the link leads to a page of its own.
import { on } from "./dom.js";

let link = null;
const menu = () => document.getElementById("message-menu");

on("click", "[data-message-menu]", (event, clicked) => (link = clicked));

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target !== menu()) return;
  if (!detail.target.matches(":popover-open")) detail.target.showPopover();
  place(detail.target);
});

function place(popover) {
  if (!link?.isConnected) return;
  const at = link.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const below = at.bottom + height + 8 < innerHeight;
  popover.style.top = `${below ? at.bottom + 4 : Math.max(8, Math.min(at.top - height - 4, innerHeight - height - 8))}px`;
  popover.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
}

// Done: what was chosen is shown in the thread.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.elt.closest?.("#message-menu") && detail.target !== menu()) menu().hidePopover();
});
