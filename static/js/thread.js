// A thread stays at its newest message while one reads there; Enter sends, Shift+Enter makes a line.
import { each, on } from "./dom.js";

each("[data-stay-below]", (thread) => {
  const below = () => thread.scrollTo({ top: thread.scrollHeight });
  below();
  new MutationObserver(() => {
    const distance = thread.scrollHeight - thread.scrollTop - thread.clientHeight;
    if (distance < 400) below();
  }).observe(thread, { childList: true });
});

on("keydown", "[data-send-on-enter]", (event, field) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (field.value.trim()) field.form.requestSubmit();
});
