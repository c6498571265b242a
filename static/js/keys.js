// Single keys. The sheet <dialog data-shortcuts> is their list: each [data-keys] names its keys and, in data-runs, what
// they do. Not while one types, not with Ctrl, Alt or Cmd, not under a dialog, and not when switched off in the sheet.
import { each, on } from "./dom.js";

const OFF = "shortcuts-off";
const GOES_ON = "goes-on";

const press = (what) => document.querySelector(`[data-does="${what}"]`)?.click();
const cards = () => [...document.querySelectorAll("[data-card]")];

function step(by, from) {
  const all = cards();
  const at = all.indexOf(from);
  return at < 0 ? all[by > 0 ? 0 : -1] : all[at + by];
}

const current = () => document.querySelector("[data-card][aria-current]");

const ACTIONS = {
  next: () => step(1, current())?.click(),
  previous: () => current() && step(-1, current())?.click(),
  walk(event) {
    // Arrows scroll, unless one stands in the list.
    const card = document.activeElement.closest?.("[data-card]");
    if (!card) return false;
    step(event.key === "ArrowDown" ? 1 : -1, card)?.focus();
  },
  reply: () => document.querySelector("#composer textarea")?.focus(),
  resolve: () => press("resolve"),
  take: () => press("take"),
  snooze: () => press("snooze"),
  unread: () => press("unread"),
  search: () => document.querySelector("[data-search]")?.focus(),
  sheet: () => document.querySelector("[data-shortcuts]").showModal(),
};

const isOff = () => localStorage.getItem(OFF) === "1";
const isBusy = (target) =>
  target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open], [popover]:popover-open");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (isBusy(event.target) || (isOff() && event.key !== "?")) return;
  for (const line of document.querySelectorAll("[data-shortcuts] [data-keys]")) {
    if (!line.dataset.keys.split(" ").includes(event.key)) continue;
    if (ACTIONS[line.dataset.runs]?.(event) !== false) event.preventDefault();
    return;
  }
});

each("[data-shortcuts-on]", (box) => {
  box.checked = !isOff();
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "" : "1"));
});

// Resolved: the next one is open, and the place in the list is kept.
on("submit", "form[data-goes-on]", () => sessionStorage.setItem(GOES_ON, "1"));
each("#inbox-list", () => {
  if (sessionStorage.getItem(GOES_ON)) current()?.focus({ preventScroll: false });
  sessionStorage.removeItem(GOES_ON);
});

// A popover that a refused form comes back to.
each("[popover][data-open]", (popover) => document.querySelector(`[popovertarget="${popover.id}"]`)?.click());
