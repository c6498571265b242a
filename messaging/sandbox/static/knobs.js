// The page of knobs: one number at a time, what was accepted, what was told.

import { api, clock, el, iconButton, words } from "./dom.js";

const chooser = document.querySelector("[data-number]");
const form = document.querySelector("[data-knobs]");
const note = document.querySelector("[data-note]");
const state = document.querySelector("[data-number-state]");
const lists = [...document.querySelectorAll("[data-errors]")].map((node) => errorList(node));
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

// Rows of code, share and times; what they hold is the knob's list.
function errorList(node) {
  const rows = el("div", { class: "error-rows" });
  const input = (label, name, more) => el("label", {}, label, el("input", { type: "number", "data-part": name, ...more }));
  const add = (value = { code: "", share: 1 }) => {
    const row = el("div", { class: "error-row" },
      input(words.error_code, "code", { min: "0", list: "codes", required: true, value: value.code }),
      input(words.error_share, "share", { min: "0", max: "1", step: "0.01", value: value.share ?? 1 }),
      input(words.error_times, "times", { min: "0", value: value.times ?? "" }),
      iconButton("trash", words.remove, () => row.remove()));
    row.value = value;
    rows.append(row);
    return row;
  };
  node.append(rows, el("button", { type: "button", class: "button-plain", text: words.add_error, onclick: () => add().querySelector("input").focus() }));
  return {
    name: node.dataset.errors,
    fill: (values) => rows.replaceChildren(...values.map(add)),
    read: () => [...rows.children].map((row) => {
      const value = { ...row.value };
      for (const one of row.querySelectorAll("input")) {
        if (one.value === "") delete value[one.dataset.part];
        else value[one.dataset.part] = Number(one.value);
      }
      return value;
    }),
  };
}

function field(name) {
  return form.elements.namedItem(name);
}

async function show() {
  fill(await api("GET", `/numbers/${chooser.value}/knobs`));
  const number = await api("GET", `/numbers/${chooser.value}`);
  for (const input of state.elements) if (input.name) input.value = number[input.name];
  showTemplates();
  await watch();
}

function fill(knobs) {
  for (const [name, value] of Object.entries(knobs)) {
    const input = field(name);
    if (!input) continue;
    if (input.type === "checkbox") input.checked = value;
    else input.value = value ?? "";
  }
  for (const list of lists) list.fill(knobs[list.name]);
}

function read() {
  const values = Object.fromEntries(lists.map((list) => [list.name, list.read()]));
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.type === "checkbox") values[input.name] = input.checked;
    else if (input.type === "number") values[input.name] = input.value === "" ? null : Number(input.value);
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
state.addEventListener("change", (event) => attempt(() => api("PATCH", `/numbers/${chooser.value}`, { [event.target.name]: event.target.value })));
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
  const templates = account.templates.toSorted((one, other) => one.name.localeCompare(other.name) || one.language.localeCompare(other.language));
  const rows = templates.map((template) =>
    el("tr", {}, el("td", { text: template.name }), el("td", { text: template.language }), el("td", { text: template.category }), el("td", { text: template.status }),
      el("td", {}, el("span", { class: "row-of-buttons" }, ...Object.entries({ APPROVED: words.approve, PAUSED: words.pause, REJECTED: words.reject }).filter(([status]) => status !== template.status).map(([status, label]) => button(label, template, status))))),
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
  document.querySelector("[data-webhook-table]").hidden = rows.length === 0;
}

const codes = await api("GET", "/errors");
document.querySelector("#codes").replaceChildren(...codes.map((one) => el("option", { value: one.code, label: `${one.code} ${one.title}` })));
await load();
setInterval(() => watch().catch(() => {}), 3000);
