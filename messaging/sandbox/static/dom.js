// Small tools of the sandbox's pages. Text is always set as text, never as HTML.

const lang = document.documentElement.lang;
export const words = await (await fetch(`/phone/words.json?lang=${lang}`)).json();

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name in node && typeof value === "boolean") node[name] = value;
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/img/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, more = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...more }, icon(name));
}

export async function api(method, path, body) {
  const options = { method, headers: {} };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(`/sandbox/api${path}`, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error || words.failed);
  return found;
}

// Both languages of the pages count the hours to 24.
const locale = lang === "en" ? "en-GB" : lang;

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}

// The day of a moment in words, as it is said now.
export function day(seconds) {
  const moment = new Date(seconds * 1000);
  const days = Math.round((new Date().setHours(12, 0, 0, 0) - new Date(moment).setHours(12, 0, 0, 0)) / 86_400_000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  return moment.toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short" });
}

export function shortTime(seconds) {
  return day(seconds) === words.today ? clock(seconds) : day(seconds).replace(/^\p{L}+\.?, /u, "");
}

export function initials(name) {
  const parts = name.replace(/[^\p{L}\p{N} ]/gu, "").trim().split(/\s+/);
  return (parts.length > 1 ? parts[0][0] + parts.at(-1)[0] : parts[0].slice(0, 2)).toUpperCase();
}

export function avatar(name) {
  const tone = ([...name].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % 7) + 1;
  return el("span", { class: `face tone-${tone}`, "aria-hidden": "true", text: initials(name || "?") });
}

// Keeps what is open and playing: only what differs is put in anew.
export function renew(parent, entries, build) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const [key, value] of entries) {
    const state = JSON.stringify(value);
    let node = known.get(key);
    known.delete(key);
    if (!node || node.dataset.state !== state) {
      const fresh = build(value);
      fresh.dataset.key = key;
      fresh.dataset.state = state;
      if (node) {
        if (node === place) place = node.nextElementSibling;
        node.replaceWith(fresh);
      } else parent.insertBefore(fresh, place);
      node = fresh;
    } else if (node !== place) parent.insertBefore(node, place);
    else place = node.nextElementSibling;
  }
  known.forEach((node) => node.remove());
}

// A menu is a <details>; it closes when the focus or a click goes elsewhere, and on Escape.
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu-of[open]");
  menu?.querySelector("summary").focus();
  closeMenus(null);
});
function closeMenus(target) {
  for (const menu of document.querySelectorAll("details.menu-of[open]")) if (!menu.contains(target)) menu.open = false;
}

export function menu(name, label, items, more = "") {
  const body = el("div", { class: "menu-body" }, ...items);
  const summary = el("summary", { class: "icon-button", "aria-label": label, title: label }, icon(name));
  const details = el("details", { class: `menu-of ${more}` }, summary, body);
  body.addEventListener("click", (event) => event.target.closest("button, input[type=file]") && (details.open = false));
  return details;
}

export function item(name, label, onclick) {
  return el("button", { type: "button", class: "menu-row", onclick }, icon(name), label);
}
