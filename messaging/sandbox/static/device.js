// One phone: its frame, its list of chats, and the stream that keeps it true.

import { api, avatar, clock, el, iconButton, renew, shortTime, words } from "./dom.js";
import { preview } from "./bubbles.js";
import { Chat } from "./chat.js";

export class Device {
  constructor(person, onclose) {
    this.person = person;
    this.chat = null;
    this.clock = el("span", { class: "time" });
    this.power = iconButton("zap", words.turn_off, () => this.turn(!this.person.on));
    this.screen = el("div", { class: "screen" });
    this.offline = el("p", { class: "hint", role: "status", hidden: true, text: words.offline });
    this.node = el(
      "section",
      { class: "device", "aria-label": person.name },
      el("header", { class: "device-bar" }, this.clock, el("b", { text: person.name }), el("span", { class: "device-tools" }, this.power, iconButton("x", words.close, onclose))),
      this.offline,
      this.screen,
    );
    this.list = el("div", { class: "chat-list" });
    this.onVisible = () => this.markOpen();
    document.addEventListener("visibilitychange", this.onVisible);
    this.tick();
    this.timer = setInterval(() => this.tick(), 10000);
    this.listen();
    this.showChats();
  }

  tick() {
    this.clock.textContent = clock(Date.now() / 1000);
  }

  listen() {
    this.events = new EventSource(`/phone/events/${this.person.id}`);
    this.events.onopen = () => {
      this.offline.hidden = true;
      this.markOpen();
      this.renew();
    };
    this.events.onerror = () => (this.offline.hidden = false);
    this.events.onmessage = (message) => this.onEvent(JSON.parse(message.data));
  }

  onEvent(event) {
    const here = this.chat?.number === event.number;
    if (event.type === "typing" && here) this.chat.typing.hidden = !event.on;
    if (event.type === "chat") this.renew();
  }

  async renew() {
    if (this.chat) await this.chat.renew();
    else await this.renewChats();
  }

  async renewChats() {
    const phone = await api("GET", `/people/${this.person.id}`);
    this.person = phone.person;
    this.showPower();
    if (!phone.chats.length) this.list.replaceChildren(el("p", { class: "empty", text: words.no_business }));
    else renew(this.list, phone.chats.map((line) => [line.number, line]), (line) => this.line(line));
  }

  line(line) {
    return el(
      "button",
      { type: "button", class: `chat-line${line.unread ? " is-unread" : ""}`, onclick: () => this.open(line.number) },
      avatar(line.name),
      el("span", { class: "chat-name" }, el("b", { text: line.name }), el("small", { text: preview(line.last) || line.phone })),
      el("span", { class: "chat-side" }, line.at ? el("small", { text: shortTime(line.at) }) : null, line.unread ? el("span", { class: "count", text: line.unread }, el("span", { class: "sr-only", text: ` ${words.unread}` })) : null),
    );
  }

  async open(number) {
    this.chat = new Chat(this, number);
    this.screen.replaceChildren(this.chat.node);
    await this.markOpen();
    await this.chat.renew();
    this.chat.log.scrollTop = this.chat.log.scrollHeight;
    this.chat.field.focus({ preventScroll: true });
  }

  async showChats() {
    const from = this.chat?.number;
    await this.markOpen(false);
    this.chat = null;
    this.screen.replaceChildren(el("h2", { class: "screen-title", text: words.chats }), this.list);
    await this.renewChats();
    if (from) this.list.querySelector(`[data-key="${from}"]`)?.focus();
  }

  async markOpen(open = true) {
    if (this.chat) await api("POST", this.chat.path("open"), { open: open && !document.hidden });
  }

  async turn(on) {
    this.person = await api("PATCH", `/people/${this.person.id}`, { on });
    this.showPower();
    await this.markOpen();
    await this.renew();
  }

  showPower() {
    const { on } = this.person;
    this.node.classList.toggle("is-off", !on);
    this.node.dataset.off = words.off_hint;
    this.power.setAttribute("aria-label", on ? words.turn_off : words.turn_on);
    this.power.title = on ? words.turn_off : words.turn_on;
    this.power.setAttribute("aria-pressed", String(on));
  }

  close() {
    this.markOpen(false);
    this.events.close();
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.node.remove();
  }
}
