// The page of phones: who there is, and whose phones are in the hand. The address keeps them: /phone/?p=1&p=2

import { api, avatar, el, renew, words } from "./dom.js";
import { Device } from "./device.js";

const list = document.querySelector("[data-people]");
const table = document.querySelector("[data-phones]");
const empty = document.querySelector("[data-empty]");
const search = document.querySelector("[data-search]");
const form = document.querySelector("[data-new-person]");
const devices = new Map();
let people = [];

function held() {
  return new URLSearchParams(location.search).getAll("p");
}

function remember() {
  const query = new URLSearchParams([...devices.keys()].map((id) => ["p", id]));
  history.replaceState(null, "", `${location.pathname}${devices.size ? `?${query}` : ""}`);
  empty.hidden = devices.size > 0;
  document.body.classList.toggle("holds-phone", devices.size > 0);
  show();
}

function take(id) {
  const person = people.find((one) => one.id === id);
  if (!person) return;
  if (!devices.has(id)) {
    const device = new Device(person, () => put(id));
    devices.set(id, device);
    table.append(device.node);
    remember();
  }
  devices.get(id).node.scrollIntoView({ block: "nearest", inline: "center" });
}

function put(id) {
  devices.get(id)?.close();
  devices.delete(id);
  remember();
  list.querySelector(`[data-key="${id}"]`)?.focus();
}

function show() {
  const wanted = search.value.trim().toLowerCase();
  const found = people.filter((one) => `${one.name} ${one.phone} ${one.username} ${one.last_with}`.toLowerCase().includes(wanted));
  const entries = found.map((one) => [one.id, { ...one, held: devices.has(one.id) }]);
  renew(list, entries, (one) =>
    el(
      "button",
      { type: "button", class: "person", "aria-pressed": String(one.held), onclick: () => (one.held ? put(one.id) : take(one.id)) },
      avatar(one.name),
      el("span", { class: "chat-name" }, el("b", { text: one.name }), el("small", { text: [one.hides_phone || !one.phone ? `@${one.username}` : one.phone, one.last_with].filter(Boolean).join(" · ") })),
    ),
  );
  if (!entries.length) list.append(el("p", { class: "empty", text: people.length ? words.search_none : words.no_people, "data-key": "none" }));
}

async function load() {
  people = await api("GET", "/people");
  show();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = form.querySelector("[role=alert]");
  try {
    const values = Object.fromEntries(new FormData(form));
    const person = await api("POST", "/people", { ...values, hides_phone: !values.phone });
    form.reset();
    form.closest("details").open = false;
    problem.hidden = true;
    await load();
    take(person.id);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
});
search.addEventListener("input", show);
await load();
held().forEach(take);
remember();
