// <form data-submit-once>: a double click sends once. The button comes back when the page is shown again.
import { on } from "./dom.js";

const resting = new Set();

on("submit", "form[data-submit-once]", (event, form) => {
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  if (event.defaultPrevented) return; // htmx sends it: see below
  hold(form, event.submitter);
});

function hold(form, button) {
  form.dataset.sent = "";
  // Disabling at once would take the button's own name and value out of what is sent.
  if (button) {
    setTimeout(() => {
      button.setAttribute("aria-busy", "true");
      button.disabled = true;
    });
  }
  resting.add([form, button]);
}

function release(only) {
  for (const held of resting) {
    const [form, button] = held;
    if (only && form !== only) continue;
    delete form.dataset.sent;
    if (button) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
    resting.delete(held);
  }
}

addEventListener("pageshow", () => release());
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches?.("form[data-submit-once]")) hold(form, event.detail.requestConfig.triggeringEvent?.submitter);
});
document.addEventListener("htmx:afterRequest", (event) => release(event.detail.elt));
