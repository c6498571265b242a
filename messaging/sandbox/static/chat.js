// One open chat: what was said, and the place to write.

import { api, avatar, day, el, icon, iconButton, item, menu, renew, words } from "./dom.js";
import { bubble, preview, upload } from "./bubbles.js";
import { Recorder } from "./recorder.js";

const EMOJI = "😀 😂 😊 😍 🤔 😢 😡 👍 👎 🙏 👋 🎉 ❤️ ✅ ❌ 📦 🚚 ✈️ 📷 ☀️ 🌧️ ⏰ 🏠 ☕".split(" ");

// The messages, with a line before the first of each day.
function withDays(messages) {
  let last = "";
  return messages.flatMap((message) => {
    const today = day(message.at);
    const line = today === last ? [] : [[`day ${today}`, { day: today }]];
    last = today;
    return [...line, [message.id, message]];
  });
}

export class Chat {
  constructor(device, number) {
    this.device = device;
    this.person = device.person.id;
    this.number = number;
    this.reply = null;
    this.editing = null;
    this.node = el("section", { class: "chat" });
    this.head = el("header", { class: "chat-head" });
    this.log = el("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" });
    this.typing = el("p", { class: "typing", hidden: true, text: words.typing });
    this.note = el("p", { class: "hint", role: "alert", hidden: true });
    this.node.append(this.head, this.log, this.typing, this.note, this.composer());
  }

  path(action) {
    return `/people/${this.person}/chats/${this.number}${action ? `/${action}` : ""}`;
  }

  async renew() {
    const chat = await api("GET", this.path());
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    this.showHead(chat);
    this.log.classList.toggle("is-empty", !chat.messages.length);
    this.log.dataset.empty = words.no_messages;
    renew(this.log, withDays(chat.messages), (one) => (one.day ? el("p", { class: "day", text: one.day }) : bubble(one, this)));
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
    this.log.querySelectorAll("img").forEach((img) => img.complete || img.addEventListener("load", () => atEnd && (this.log.scrollTop = this.log.scrollHeight)));
  }

  showHead(chat) {
    const state = JSON.stringify([chat.blocked, chat.opted_out, chat.name]);
    if (this.head.dataset.state === state) return;
    this.head.dataset.state = state;
    const decide = () => this.act("marketing", { value: chat.opted_out ? "resume" : "stop" });
    const block = () => this.act("block", { on: !chat.blocked });
    this.head.replaceChildren(
      iconButton("arrow-left", words.back, () => this.device.showChats()),
      avatar(chat.name),
      el("span", { class: "chat-name" }, el("b", { text: chat.name }), el("small", { text: chat.phone })),
      menu("more-vertical", words.more, [
        item("megaphone", chat.opted_out ? words.resume_marketing : words.stop_marketing, decide),
        item("ban", chat.blocked ? words.unblock : words.block, block),
      ]),
    );
    if (chat.blocked) this.head.append(el("p", { class: "hint", text: words.blocked }));
  }

  // --- Writing -------------------------------------------------------------------------------------------------------

  composer() {
    this.quoteBar = el("div", { class: "quote-bar", hidden: true });
    this.field = el("textarea", { rows: "1", "aria-label": words.write, placeholder: words.write, onkeydown: (event) => this.onKey(event), oninput: () => this.grow() });
    const emoji = EMOJI.map((sign) => el("button", { type: "button", class: "emoji", text: sign, onclick: () => this.insert(sign) }));
    const attach = menu("paperclip", words.attach, [
      this.fileRow("image", words.picture, "image/*,video/*"),
      this.fileRow("file-text", words.document, ""),
      item("mic", words.voice, () => this.record()),
      item("map-pin", words.location, () => this.sendLocation()),
      item("contact", words.contact_card, () => this.sendContact()),
    ], "up");
    this.soundFile = el("input", { type: "file", accept: "audio/*", hidden: true, "aria-label": words.voice, onchange: () => this.sendSound() });
    const smile = menu("smile", words.emoji, [el("div", { class: "emoji-grid" }, ...emoji)], "up");
    this.form = el("form", { class: "write", onsubmit: (event) => { event.preventDefault(); this.sendText(); } },
      this.quoteBar, this.soundFile, el("div", { class: "write-row" }, attach, smile, this.field, el("button", { class: "icon-button send", "aria-label": words.send, title: words.send }, icon("send"))));
    return this.form;
  }

  fileRow(name, label, accept) {
    const input = el("input", { type: "file", class: "sr-only", accept: accept || undefined, onchange: () => this.sendFile(input, !accept) });
    return el("label", { class: "menu-row" }, icon(name), label, input);
  }

  onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.sendText();
    }
    if (event.key === "Escape") this.quote(null);
  }

  grow() {
    this.field.rows = Math.min(5, this.field.value.split("\n").length);
  }

  insert(sign) {
    this.field.setRangeText(sign, this.field.selectionStart, this.field.selectionEnd, "end");
    this.field.focus();
  }

  quote(message) {
    this.reply = message;
    this.editing = null;
    this.quoteBar.hidden = !message;
    if (message) {
      this.quoteBar.replaceChildren(icon("reply"), el("span", { text: preview(message) }), iconButton("x", words.forget_reply, () => this.quote(null)));
      this.field.focus();
    }
  }

  edit(message) {
    this.quote(message);
    this.editing = message;
    this.quoteBar.firstChild.replaceWith(icon("pencil"));
    this.field.value = message.content.body;
  }

  async sendText() {
    const body = this.field.value.trim();
    if (!body) return;
    const editing = this.editing;
    this.field.value = "";
    this.grow();
    const sent = editing ? await this.act("edit", { message: editing.id, text: body }) : await this.send({ type: "text", text: { body } });
    if (!sent) this.field.value = body;
    if (editing) this.quote(null);
  }

  async sendFile(input, asDocument) {
    const [chosen] = input.files;
    if (!chosen) return;
    const kind = asDocument ? "document" : chosen.type.startsWith("video/") ? "video" : "image";
    await this.sendBlob(chosen, chosen.name, kind);
    input.value = "";
  }

  async sendBlob(blob, name, kind, more = {}) {
    try {
      const id = await upload(this, blob, name);
      await this.send({ type: kind, [kind]: { id, ...more } });
    } catch (error) {
      this.say(error.message);
    }
  }

  async record() {
    const recorder = new Recorder(this.form, (blob, name) => this.sendBlob(blob, name, "audio", { voice: true }));
    if (await recorder.start()) return;
    this.say(words.no_microphone);
    this.soundFile.click();
  }

  async sendSound() {
    const [chosen] = this.soundFile.files;
    if (chosen) await this.sendBlob(chosen, chosen.name, "audio", { voice: chosen.type === "audio/ogg" });
    this.soundFile.value = "";
  }

  sendLocation() {
    return this.send({ type: "location", location: { latitude: 53.5458, longitude: 9.9663, name: words.place_name } });
  }

  sendContact() {
    const { name, phone, wa_id } = this.device.person;
    return this.send({ type: "contacts", contacts: [{ name: { formatted_name: name, first_name: name }, phones: [{ phone, wa_id, type: "CELL" }] }] });
  }

  react(message, emoji) {
    const off = message.reactions.person === emoji;
    return this.send({ type: "reaction", reaction: { message_id: message.id, emoji: off ? "" : emoji } });
  }

  async send(body) {
    if (this.reply && body.type !== "reaction") body.reply_to = this.reply.id;
    const sent = await this.act("messages", body);
    if (sent && body.type !== "reaction") {
      this.quote(null);
      this.log.scrollTop = this.log.scrollHeight;
    }
    return sent;
  }

  async act(action, body) {
    try {
      await api("POST", this.path(action), body);
      this.note.hidden = true;
      await this.renew();
      return true;
    } catch (error) {
      this.say(error.message);
      return false;
    }
  }

  say(words_) {
    this.note.textContent = words_;
    this.note.hidden = false;
  }
}
