// The bar on top that says how the connection stands. Words come from the toasts' region.
import { words } from "./toasts.js";

const PATIENCE = 1500; // a moment without a line is nobody's business

let timer;
let bar;
let isFinal = false;

function show(text, link) {
  if (!bar) {
    bar = document.createElement("div");
    bar.className = "offline-bar";
    bar.setAttribute("role", "status");
    document.body.append(bar);
  }
  const said = document.createElement("span");
  said.textContent = text;
  bar.replaceChildren(said, ...(link ? [link] : []));
  // The page moves down by as much: nothing is covered.
  document.documentElement.style.setProperty("--offline", `${bar.offsetHeight}px`);
}

function hide() {
  clearTimeout(timer);
  timer = undefined;
  bar?.remove();
  bar = undefined;
}

/** The line is gone; said after a moment. */
export function lost() {
  if (isFinal || timer || bar) return;
  timer = setTimeout(() => {
    timer = undefined;
    show(words("offline"));
  }, PATIENCE);
}

export function connected() {
  if (!isFinal) hide();
}

/** The line is back and what was missed is being fetched. */
export function catchingUp() {
  if (isFinal) return;
  if (!bar) return hide();
  show(words("catchingUp"));
  timer = setTimeout(hide, PATIENCE);
}

/** Nobody listens here any more: signed out somewhere else, or no longer a member. */
export function refused() {
  hide();
  isFinal = true;
  const link = document.createElement("a");
  link.href = `/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = words("signIn");
  show(words("signedOut"), link);
}

addEventListener("offline", lost);
addEventListener("online", () => document.querySelector("[data-live]") || connected());
if (!navigator.onLine) lost();
