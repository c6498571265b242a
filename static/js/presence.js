// Who else is at the open conversation: [data-presence] says so in its own words. [data-typing-url] around a field tells
// the others that one writes there.
import { on } from "./dom.js";

const EVERY = 3000; // milliseconds between two words of one's own writing
const FORGOTTEN = 6500; // so long somebody writes after their last word

let others = { here: [], writing: [] };
let forget;

function listed(names) {
  const language = document.documentElement.lang || "en";
  const shown = names.length > 3 ? [...names.slice(0, 2), `+${names.length - 2}`] : names;
  return new Intl.ListFormat(language, { type: "conjunction" }).format(shown);
}

/** The words of the page with names in them; names are text, whatever they hold. */
function draw() {
  const line = document.querySelector("[data-presence]");
  if (!line) return;
  const { dataset } = line;
  const writes = others.writing.length > 0;
  const names = writes ? others.writing : others.here;
  const [one, many] = writes ? [dataset.writingOne, dataset.writingMany] : [dataset.hereOne, dataset.hereMany];
  const text = names.length ? (names.length > 1 ? many : one).replace("{names}", () => listed(names)) : "";
  if (line.textContent !== text) line.textContent = text;
  line.hidden = !text;
  line.classList.toggle("presence-writing", writes);
}

document.body.addEventListener("live-presence", ({ detail }) => {
  others = { here: detail.here ?? [], writing: detail.writing ?? [] };
  clearTimeout(forget);
  if (others.writing.length) forget = setTimeout(stopWriting, FORGOTTEN);
  draw();
});

function stopWriting() {
  others.writing = [];
  draw();
}

// What was written is there now.
document.body.addEventListener("live-message", ({ detail }) => {
  if (detail.conversation === document.querySelector("[data-live-at]")?.dataset.liveAt) stopWriting();
});
for (const type of ["htmx:oobAfterSwap", "htmx:afterSwap"]) document.addEventListener(type, draw);

let said = 0;

on("input", "[data-typing-url] textarea", (event, field) => {
  if (Date.now() - said < EVERY || !field.value.trim()) return;
  said = Date.now();
  const place = field.closest("[data-typing-url]");
  // Only an answer is shown to the contact; whatever else is written here is among colleagues.
  const isAnswer = field.form?.action.endsWith("/reply/");
  fetch(place.dataset.typingUrl, {
    method: "POST",
    headers: JSON.parse(document.body.getAttribute("hx-headers") ?? "{}"),
    body: new URLSearchParams(isAnswer ? {} : { note: "1" }),
  }).catch(() => {}); // nobody sees it then
});
