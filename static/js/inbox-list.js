// The list of conversations: keeps what was loaded, says what is new, counts in the title, and shows where one is.
import { each } from "./dom.js";

const cards = () => [...document.querySelectorAll("[data-card]")];
const rows = () => document.querySelector("[data-rows]");

// --- Fetched again, with as many as were loaded ----------------------------------------------------------------------

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.matches("[data-rows]")) detail.parameters.rows = cards().length;
});

// --- What is new -----------------------------------------------------------------------------------------------------

let known = new Map();
const unreadBy = () => new Map(cards().map((card) => [card.dataset.card, Number(card.dataset.unread)]));

function announce() {
  const now = unreadBy();
  const open = document.querySelector("[data-live-at]")?.dataset.liveAt; // its thread speaks for itself
  const names = cards()
    .filter(({ dataset }) => dataset.card !== open && Number(dataset.unread) > (known.get(dataset.card) ?? 0))
    .map((card) => card.dataset.name);
  known = new Map([...known, ...now]);
  const text = rows().dataset.textNew;
  const region = document.querySelector("[data-announce]");
  if (names.length && region) region.textContent = names.map((name) => text.replace("{name}", name)).join(". ");
}

const bare = (title) => title.replace(/^\(\d+\) /, "");

function count() {
  const unread = Number(document.querySelector("[data-unread-count]")?.dataset.unreadCount ?? 0);
  document.title = unread ? `(${unread}) ${bare(document.title)}` : bare(document.title);
  const icon = document.querySelector("[data-favicon]");
  if (!icon) return;
  icon.dataset.read ??= icon.getAttribute("href");
  const wanted = unread ? icon.dataset.unread : icon.dataset.read;
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!detail.target?.closest("#inbox-list")) return;
  announce();
  count();
});

// --- The same place after a way through the page ---------------------------------------------------------------------

const PLACE = "inbox-place";

addEventListener("pagehide", () => {
  const list = document.getElementById("inbox-list");
  if (!list) return;
  const query = rows().getAttribute("hx-get").replace(/current=[^&]*/, "");
  sessionStorage.setItem(PLACE, JSON.stringify({ query, loaded: cards().length, top: list.scrollTop }));
});

async function restore(list) {
  const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  if (kept?.query !== rows().getAttribute("hx-get").replace(/current=[^&]*/, "")) return;
  if (kept.loaded > cards().length) {
    const address = rows().getAttribute("hx-get");
    await htmx.ajax("GET", `${address}&rows=${kept.loaded}`, { source: rows(), target: rows(), swap: "innerHTML" });
  }
  list.scrollTop = kept.top;
  list.querySelector("[data-card][aria-current]")?.scrollIntoView({ block: "nearest" });
}

each("#inbox-list", (list) => {
  known = unreadBy();
  count();
  restore(list);
});
