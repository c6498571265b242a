// One message as the phone shows it.

import { api, clock, el, icon, item, menu, words } from "./dom.js";

const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const file = (part) => `/phone/media/${part.fetched || part.id}`;

export function preview(message) {
  if (!message) return "";
  if (message.revoked) return words.revoked;
  const { type, content, rendered } = message;
  if (type === "text") return content.body;
  if (type === "template") return rendered.body;
  if (type === "interactive") return content.body?.text || content.interactive?.button_reply?.title || content.interactive?.list_reply?.title || words.interactive;
  if (type === "button") return content.button.text;
  const name = { image: "photo", contacts: "contact_card" }[type] || type;
  return content.caption || words[name] || words.unknown;
}

export function bubble(message, chat) {
  const mine = message.mine ? "mine" : "theirs";
  const body = message.revoked ? [el("p", { class: "quiet", text: words.revoked })] : parts(message, chat);
  const foot = el("footer", {}, message.edited ? `${words.edited} · ` : "", clock(message.at));
  if (message.mine) {
    const read = message.status === "read";
    foot.append(el("span", { class: `ticks${read ? " is-read" : ""}`, role: "img", "aria-label": read ? words.read : words.sent }, icon(read ? "check-check" : "check")));
  }
  const reactions = Object.values(message.reactions);
  return el(
    "article",
    { class: `said ${mine}`, tabindex: "-1" },
    el("div", { class: "bubble" }, message.quoted && quoted(message.quoted), ...body, foot, reactions.length ? el("span", { class: "reactions", text: reactions.join("") }) : null),
    message.revoked ? null : actions(message, chat),
  );
}

function quoted(message) {
  const who = message.mine ? words.you : "";
  return el("blockquote", {}, who ? el("b", { text: who }) : null, el("span", { text: preview(message) }));
}

function actions(message, chat) {
  const react = el(
    "div",
    { class: "emoji-row", role: "group", "aria-label": words.react },
    ...QUICK.map((emoji) => el("button", { type: "button", class: "emoji", text: emoji, onclick: () => chat.react(message, emoji) })),
  );
  const items = [react, item("reply", words.reply, () => chat.quote(message))];
  if (message.mine && message.type === "text") items.push(item("pencil", words.edit, () => chat.edit(message)));
  if (message.mine) items.push(item("trash", words.revoke, () => chat.act("revoke", { message: message.id })));
  return menu("smile", `${words.react}, ${words.reply}`, items, "said-menu");
}

function parts(message, chat) {
  const { type, content, rendered } = message;
  const show = SHOWN[type];
  if (show) return show(content, message, chat, rendered);
  return [el("p", { class: "quiet", text: `${words.unknown}: ${type}` })];
}

const text = (value, name = "words") => (value ? el("p", { class: name, text: value }) : null);

const SHOWN = {
  text: (content) => [text(content.body)],
  image: (content) => [el("a", { href: file(content), target: "_blank", rel: "noreferrer" }, el("img", { src: file(content), alt: content.caption || words.photo, loading: "lazy" })), text(content.caption)],
  sticker: (content) => [el("img", { class: "sticker", src: file(content), alt: words.sticker })],
  video: (content) => [el("video", { src: file(content), controls: true, preload: "metadata" }), text(content.caption)],
  audio: (content, message, chat) => [el("audio", { src: file(content), controls: true, preload: "metadata", "aria-label": words.audio, onplay: () => !message.mine && chat.act("played", { message: message.id }) })],
  document: (content) => [el("a", { class: "file", href: file(content), download: content.filename || "" }, icon("file-text"), content.filename || words.document), text(content.caption)],
  location: (content) => {
    const place = content.location || content;
    return [el("div", { class: "file" }, icon("map-pin"), el("span", {}, el("b", { text: place.name || words.location }), el("br"), place.address || `${place.latitude}, ${place.longitude}`))];
  },
  contacts: (content) =>
    content.contacts.map((card) => el("div", { class: "file" }, icon("contact"), el("span", {}, el("b", { text: card.name.formatted_name }), el("br"), (card.phones || []).map((one) => one.phone).join(", ")))),
  button: (content) => [text(content.button.text)],
  order: ({ order }) => [
    text(order.text),
    ...order.product_items.map((one) => el("div", { class: "file" }, icon("package"), `${one.quantity} × ${one.product_retailer_id} · ${one.item_price} ${one.currency}`)),
  ],
  interactive: (content, message, chat) => (message.mine ? [text(preview(message))] : offered(content, message, chat)),
  template: (_content, message, chat, rendered) => [
    ...header(rendered.header),
    text(rendered.body),
    text(rendered.footer, "quiet"),
    choices((rendered.buttons || []).map((button) => templateButton(button, message, chat))),
    ...(rendered.cards || []).map((card) => el("div", { class: "card-of" }, ...header(card.header), text(card.body), choices(card.buttons.map((button) => templateButton(button, message, chat))))),
  ],
};

function header(part) {
  if (!part || !part.type) return [];
  if (part.type === "text") return [el("p", { class: "head", text: part.text })];
  const show = SHOWN[part.type];
  return show ? show({ ...part[part.type], caption: "" }, { mine: true }) : [];
}

const choices = (buttons) => (buttons.length ? el("div", { class: "choices" }, ...buttons) : null);
const choice = (label, name, onclick) => el("button", { type: "button", class: "choice", onclick }, name ? icon(name) : null, label);
const link = (label, href, name) => el("a", { class: "choice", href: /^(https?|tel):/.test(href) ? href : "#", target: "_blank", rel: "noreferrer" }, icon(name), label);

function templateButton(button, message, chat) {
  if (button.type === "URL") return link(button.text, button.url, "external-link");
  if (button.type === "PHONE_NUMBER") return link(button.text, `tel:${button.phone_number}`, "phone");
  if (button.type === "OTP" || button.type === "COPY_CODE") return copy(button.text || words.copy_code, button.code);
  return choice(button.text, "reply", () => chat.act("tap", { message: message.id, choice: button }));
}

function copy(label, code) {
  const button = choice(`${label}: ${code}`, "copy", async () => {
    await navigator.clipboard?.writeText(code);
    button.lastChild.textContent = words.copied;
  });
  return button;
}

function offered(content, message, chat) {
  const tap = (reply) => chat.act("tap", { message: message.id, choice: reply });
  const shown = [...header(content.header), text(content.body?.text), text(content.footer?.text, "quiet")];
  const action = content.action || {};
  if (content.type === "button") shown.push(choices(action.buttons.map((button) => choice(button.reply.title, "reply", () => tap(button.reply)))));
  else if (content.type === "list") shown.push(list(action, tap));
  else if (content.type === "cta_url") shown.push(choices([link(action.parameters.display_text, action.parameters.url, "external-link")]));
  else if (content.type === "location_request_message") shown.push(choices([choice(words.location, "map-pin", () => chat.sendLocation())]));
  return shown;
}

function list(action, tap) {
  const rows = action.sections.flatMap((section) => [
    section.title ? el("p", { class: "section-name", text: section.title }) : null,
    ...section.rows.map((row) => el("button", { type: "button", class: "choice row-of", onclick: () => tap(row) }, el("span", {}, el("b", { text: row.title }), row.description ? el("small", { text: row.description }) : null))),
  ]);
  return el("details", { class: "choices options" }, el("summary", { class: "choice" }, icon("list"), action.button), ...rows.filter(Boolean));
}

export async function upload(chat, blob, name) {
  const form = new FormData();
  form.append("file", blob, name);
  return (await api("POST", `/people/${chat.person}/chats/${chat.number}/files`, form)).id;
}
