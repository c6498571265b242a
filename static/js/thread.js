// A thread: stays at its newest message while one reads there, else says what came; fetches older ones as one reads up
// and keeps the place; Enter sends, Shift+Enter makes a line.
import { each, on } from "./dom.js";

const NEAR = 120; // pixels from the end that still count as being there
const REACH = 600; // pixels before the top at which older messages are fetched

function scrollerOf(element) {
  for (let up = element.parentElement; up; up = up.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(up).overflowY)) return up;
  }
  return document.scrollingElement;
}

each("[data-stay-below]", (log) => {
  const scroller = scrollerOf(log);
  const button = document.querySelector("[data-to-newest]");
  const plain = button?.querySelector("[data-to-newest-text]").textContent;
  let below = true;
  let seen = received();

  function received() {
    return log.querySelectorAll(".bubble-in").length;
  }
  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const go = () => scroller.scrollTo({ top: scroller.scrollHeight });

  function look() {
    if (!log.isConnected) return;
    below = distance() < NEAR;
    if (below) seen = received();
    if (!button) return;
    button.hidden = below;
    const fresh = Math.max(0, received() - seen);
    const text = fresh === 0 ? plain : fresh === 1 ? button.dataset.textOne : button.dataset.textMany.replace("{count}", fresh);
    const label = button.querySelector("[data-to-newest-text]");
    if (label.textContent !== text) label.textContent = text;
  }

  function reach() {
    const link = document.querySelector("#thread-older [data-reach]");
    if (link && scroller.scrollTop < REACH) link.dispatchEvent(new Event("reach"));
  }

  // One begins where the new ones begin.
  const line = log.querySelector("#new-line");
  if (line) line.scrollIntoView({ block: "center" });
  else go();
  look();
  // The new ones may begin at the very top.
  if (document.readyState === "complete") setTimeout(reach);
  else addEventListener("load", reach, { once: true });

  scroller.addEventListener("scroll", () => (look(), reach()), { passive: true });
  button?.addEventListener("click", () => {
    go();
    button.hidden = true;
  });
  new MutationObserver(() => (below ? go() : look(), tidy())).observe(log, { childList: true });
  // Pictures that arrive, a window that changes its size.
  new ResizeObserver(() => below && go()).observe(log);
  const composer = document.getElementById("composer");
  if (composer) {
    new ResizeObserver(([entry]) => {
      scroller.style.setProperty("--composer", `${Math.ceil(entry.borderBoxSize[0].blockSize)}px`);
      if (below) go();
    }).observe(composer);
  }
});

/** The same day once: an older part ends in the day the next begins with. */
function tidy() {
  let day = "";
  for (const divider of document.querySelectorAll("#thread-older .day-divider, #thread-log .day-divider:not(.day-divider-new)")) {
    divider.hidden = divider.textContent === day;
    day = divider.textContent;
  }
}

// Older messages come in above: what one reads stays where it is.
let before = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.target?.matches("[data-reach]")) return;
  const scroller = scrollerOf(detail.target);
  before = { scroller, height: scroller.scrollHeight, top: scroller.scrollTop };
});
document.addEventListener("htmx:afterSwap", () => {
  if (!before) return;
  tidy();
  before.scroller.scrollTop = before.top + before.scroller.scrollHeight - before.height;
  before = null;
});

// What changes in an older part is fetched for that part alone.
const changed = new Set();
document.body.addEventListener("live-message", ({ detail }) => {
  const part = document.getElementById(`m-${detail.id}`)?.closest("[data-part]");
  if (!part || changed.has(part)) return;
  changed.add(part);
  setTimeout(() => {
    changed.delete(part);
    part.dispatchEvent(new Event("part-changed"));
  }, 500);
});

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.elt.matches("[data-stay-below]")) return;
  const first = detail.elt.querySelector("[data-first]")?.dataset.first;
  if (first) detail.parameters.since = first;
  if (document.hidden) detail.parameters.unseen = "1";
});

on("keydown", "[data-send-on-enter]", (event, field) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (field.value.trim()) field.form.requestSubmit();
});
