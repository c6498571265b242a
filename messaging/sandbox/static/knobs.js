// The page of knobs: one number at a time, what was accepted, what was told.

import { api, clock, el, words } from "./dom.js";

const chooser = document.querySelector("[data-number]");
const form = document.querySelector("[data-knobs]");
const note = document.querySelector("[data-note]");
const lists = new Set(["errors", "late_errors"]);
let accounts = [];

async function load() {
  accounts = await api("GET", "/accounts");
  const numbers = accounts.flatMap((account) => account.numbers.map((number) => ({ ...number, account })));
  chooser.replaceChildren(...numbers.map((number) => el("option", { value: number.id, text: `${number.verified_name} · +${number.digits}` })));
  document.querySelector("[data-none]").hidden = numbers.length > 0;
  document.querySelector("[data-some]").hidden = numbers.length === 0;
  const wanted = new URLSearchParams(location.search).get("number");
  if (numbers.some((number) => number.id === wanted)) chooser.value = wanted;
  if (numbers.length) await show();
}

function field(name) {
  return form.elements.namedItem(name);
}

async function show() {
  fill(await api("GET", `/numbers/${chooser.value}/knobs`));
  showTemplates();
  await watch();
}

function fill(knobs) {
  for (const [name, value] of Object.entries(knobs)) {
    const input = field(name);
    if (!input) continue;
    if (input.type === "checkbox") input.checked = value;
    else input.value = lists.has(name) ? JSON.stringify(value) : (value ?? "");
  }
}

function read() {
  const values = {};
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.type === "checkbox") values[input.name] = input.checked;
    else if (input.type === "number") values[input.name] = input.value === "" ? null : Number(input.value);
    else if (lists.has(input.name)) values[input.name] = JSON.parse(input.value || "[]");
    else values[input.name] = input.value;
  }
  return values;
}

async function attempt(action) {
  try {
    await action();
    say(words.saved);
  } catch (error) {
    say(error.message, true);
  }
}

function say(text, bad = false) {
  note.textContent = text;
  note.className = bad ? "hint" : "quiet";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => fill(await api("PATCH", `/numbers/${chooser.value}/knobs`, read())));
});
document.querySelector("[data-reset]").addEventListener("click", () => attempt(async () => fill(await api("DELETE", `/numbers/${chooser.value}/knobs`))));
chooser.addEventListener("change", () => {
  history.replaceState(null, "", `?number=${chooser.value}`);
  show();
});

function showTemplates() {
  const account = accounts.find((one) => one.numbers.some((number) => number.id === chooser.value));
  const change = (template, status) => attempt(async () => {
    await api("POST", `/templates/${template.id}`, { status });
    accounts = await api("GET", "/accounts");
    showTemplates();
  });
  const button = (label, template, status) => el("button", { type: "button", class: "button-plain", text: label, onclick: () => change(template, status) });
  const rows = account.templates.map((template) =>
    el("tr", {}, el("td", { text: template.name }), el("td", { text: template.language }), el("td", { text: template.category }), el("td", { text: template.status }),
      el("td", {}, el("span", { class: "row-of-buttons" }, button(words.approve, template, "APPROVED"), button(words.pause, template, "PAUSED"), button(words.reject, template, "REJECTED")))),
  );
  document.querySelector("[data-templates]").replaceChildren(...rows);
}

async function watch() {
  if (!chooser.value || document.hidden) return;
  const taken = await api("GET", `/accepted?number=${chooser.value}`);
  const told = await api("GET", "/webhooks");
  const facts = { accepted: taken.total, doubled: Object.keys(taken.doubled).length, posted: told.counts.posted, waiting: told.waiting };
  for (const [name, value] of Object.entries(facts)) document.querySelector(`[data-fact=${name}]`).textContent = value.toLocaleString(document.documentElement.lang);
  const rows = told.attempts.slice(-20).reverse().map((one) =>
    el("tr", {}, el("td", { text: clock(one.at) }), el("td", { text: one.status || one.error }), el("td", { text: one.tries }), el("td", { class: "body", text: one.body.slice(0, 400) })),
  );
  document.querySelector("[data-webhooks]").replaceChildren(...rows);
  document.querySelector("[data-no-webhooks]").hidden = rows.length > 0;
}

await load();
setInterval(() => watch().catch(() => {}), 3000);
