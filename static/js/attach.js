// [data-attach] in a form: files by choice, paste or drop, and voice messages. They are listed and checked before anything is
// sent; htmx sends the form itself, to the address for files when there are any. Words stand in data-text-… attributes.
import { each, on } from "./dom.js";
import { canRecord, Recorder } from "./recorder.js";

const areas = new WeakMap();
// What was chosen comes back when its place is drawn anew, until it was sent.
const kept = new Map();

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const icon = (name) => {
  const sample = document.querySelector("svg.icon use")?.getAttribute("href").split("#")[0];
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "icon icon-small");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sample}#${name}`);
  drawing.append(use);
  return drawing;
};

const sizeOf = (bytes) => {
  const [unit, scaled] = bytes >= 1e6 ? ["MB", bytes / 1e6] : bytes >= 1e3 ? ["kB", bytes / 1e3] : ["B", bytes];
  return `${scaled.toLocaleString(document.documentElement.lang, { maximumFractionDigits: scaled < 10 ? 1 : 0 })}\u00a0${unit}`;
};

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class Attach {
  constructor(area) {
    this.area = area;
    this.form = area.closest("form");
    this.limits = JSON.parse(area.dataset.limits);
    this.field = area.querySelector("input[name=files]");
    this.voiceField = area.querySelector("[data-attach-voice]");
    this.text = this.form.querySelector("textarea");
    this.textIsNeeded = this.text?.required ?? false;
    this.action = this.form.getAttribute("enctype");
    this.chosen = kept.get(area.dataset.url) ?? [];
    this.part = (name) => area.querySelector(`[data-${name}]`);
    this.wake();
    this.show();
  }

  wake() {
    this.field.hidden = true;
    this.part("attach-plain").hidden = true;
    const choose = this.part("attach-choose");
    choose.hidden = false;
    choose.addEventListener("click", () => this.field.click());
    this.field.addEventListener("change", () => this.add(this.field.files));
    const record = this.part("attach-record");
    record.hidden = !canRecord();
    record.addEventListener("click", () => this.record());
    this.part("recorder-stop").addEventListener("click", () => this.finish());
    this.part("recorder-drop").addEventListener("click", () => this.drop());
    this.text?.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length || event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      this.add(event.clipboardData.files);
    });
    this.text?.addEventListener("keydown", (event) => {
      const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing && !this.text.value.trim();
      if (sends && this.chosen.length) this.form.requestSubmit();
    });
    // What is being recorded is sent too.
    this.form.addEventListener(
      "submit",
      (event) => {
        if (!this.recorder) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        this.finish().then(() => this.form.requestSubmit(event.submitter));
      },
      true,
    );
    this.form.addEventListener("htmx:configRequest", (event) => this.lead(event));
    this.form.addEventListener("htmx:xhr:progress", ({ detail }) => this.progress(detail));
    this.form.addEventListener("htmx:afterRequest", ({ detail }) => this.ended(detail));
  }

  say(key, values = {}) {
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), this.area.dataset[`text${key}`]);
  }

  // --- Choosing --------------------------------------------------------------------------------------------------------

  add(files) {
    const problems = [];
    for (const file of files) {
      if (!file.size) problems.push(this.say("Empty", { name: file.name }));
      else if (file.size > this.limits.most) problems.push(this.say("Large", { name: file.name, most: sizeOf(this.limits.most) }));
      else if (this.chosen.length >= this.limits.files) {
        problems.push(this.say("Many", { most: this.limits.files }));
        break;
      } else this.chosen.push({ file, isVoice: false });
    }
    this.show(problems);
  }

  remove(one) {
    if (one.url) URL.revokeObjectURL(one.url);
    this.chosen = this.chosen.filter((other) => other !== one);
    this.show();
    (this.area.querySelector(".attach-list button") ?? this.text)?.focus();
  }

  /** The list, and the fields that the form sends. */
  show(problems = []) {
    kept.set(this.area.dataset.url, this.chosen);
    const list = this.part("attach-list");
    list.replaceChildren(...this.chosen.map((one) => this.row(one)));
    list.hidden = !this.chosen.length;
    const told = this.part("attach-problems");
    told.replaceChildren(...problems.map((text) => element("p", { textContent: text })));
    told.hidden = !problems.length;
    this.fill(this.field, false);
    this.fill(this.voiceField, true);
    if (this.text) this.text.required = this.textIsNeeded && !this.chosen.length;
    if (this.chosen.length) this.form.setAttribute("enctype", "multipart/form-data");
    else if (this.action) this.form.setAttribute("enctype", this.action);
    else this.form.removeAttribute("enctype");
  }

  fill(field, isVoice) {
    const carrier = new DataTransfer();
    for (const one of this.chosen) if (one.isVoice === isVoice) carrier.items.add(one.file);
    field.files = carrier.files;
  }

  row(one) {
    const name = one.isVoice ? this.area.dataset.textVoice : one.file.name;
    const words = element("span", { className: "attach-name" }, element("bdi", { className: "truncate", textContent: name }), element("small", { className: "number", textContent: this.about(one.file) }));
    const remove = element("button", { type: "button", className: "icon-button", onclick: () => this.remove(one) }, icon("x"));
    remove.setAttribute("aria-label", this.say("Remove", { name }));
    if (!one.isVoice) return element("li", {}, this.look(one.file), words, remove);
    one.url ??= URL.createObjectURL(one.file);
    const again = element("button", { type: "button", className: "icon-button", onclick: () => this.again(one) }, icon("rotate-ccw"));
    again.setAttribute("aria-label", this.area.dataset.textAgain);
    return element("li", {}, icon("mic"), element("audio", { controls: true, src: one.url }), again, remove);
  }

  look(file) {
    const family = file.type.split("/")[0];
    const drawing = icon({ image: "image", video: "video", audio: "mic" }[family] ?? "file-text");
    if (family === "image") this.preview(file, drawing);
    return drawing;
  }

  /** A small picture in place of its sign, drawn here, so that no address of a picture is needed. */
  async preview(file, drawing) {
    const bitmap = await createImageBitmap(file, { resizeHeight: 80, resizeQuality: "medium" }).catch(() => null);
    if (!bitmap) return;
    const canvas = element("canvas", { width: bitmap.width, height: bitmap.height, className: "attach-preview" });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    drawing.replaceWith(canvas);
  }

  about(file) {
    const [family] = file.type.split("/");
    const limit = family === "image" ? null : this.limits[family];
    const asDocument = limit && (file.size > limit.bytes || !limit.types.includes(file.type));
    return asDocument ? `${sizeOf(file.size)} · ${this.area.dataset.textDocument}` : sizeOf(file.size);
  }

  // --- Recording -------------------------------------------------------------------------------------------------------

  async record() {
    if (this.recorder || this.isAsking) return;
    const time = this.part("recorder-time");
    const level = this.part("recorder-level");
    const recorder = new Recorder({
      onTick: (seconds, loudness) => {
        time.textContent = clock(seconds);
        level.value = loudness;
        // Drawn anew meanwhile: nobody could stop it any more.
        if (seconds >= this.limits.seconds || !this.area.isConnected) this.finish();
      },
    });
    this.isAsking = true;
    try {
      await recorder.start();
    } catch {
      this.show([this.area.dataset.textMicrophone]);
      return;
    } finally {
      this.isAsking = false;
    }
    this.recorder = recorder;
    this.part("recorder").hidden = false;
    this.part("attach-record").setAttribute("aria-pressed", "true");
    this.part("recorder-stop").focus();
  }

  async end() {
    const { recorder } = this;
    if (!recorder) return null;
    this.recorder = null;
    this.part("recorder").hidden = true;
    this.part("attach-record").setAttribute("aria-pressed", "false");
    return recorder.stop();
  }

  async finish() {
    const file = await this.end();
    if (!file?.size) return;
    const place = this.area.isConnected ? this : (here() ?? this);
    place.chosen.push({ file, isVoice: true });
    place.show();
    place.text?.focus();
  }

  async drop() {
    await this.end();
    this.text?.focus();
  }

  again(one) {
    this.remove(one);
    this.record();
  }

  // --- Sending ---------------------------------------------------------------------------------------------------------

  lead(event) {
    if (!this.chosen.length) return;
    if (event.detail.triggeringEvent?.submitter?.name === "read_first") {
      // Nothing is sent yet: the files stay here.
      delete event.detail.parameters.files;
      delete event.detail.parameters.voice;
      return;
    }
    kept.delete(this.area.dataset.url);
    event.detail.path = this.area.dataset.url;
    event.detail.timeout = 0; // a large file takes as long as it takes
    this.area.dataset.sending = "";
    this.progress({ lengthComputable: true, loaded: 0, total: 1 });
  }

  progress({ lengthComputable, loaded, total }) {
    if (this.area.dataset.sending === undefined || !lengthComputable) return;
    const bar = this.area.querySelector("progress");
    const isUp = loaded < total;
    this.part("attach-progress").hidden = false;
    if (isUp) bar.value = loaded / total;
    else bar.removeAttribute("value");
    const percent = (loaded / total).toLocaleString(document.documentElement.lang, { style: "percent" });
    this.part("attach-progress-text").textContent = isUp ? `${this.area.dataset.textSending} ${percent}` : this.area.dataset.textPreparing;
  }

  ended({ failed, xhr }) {
    if (this.area.dataset.sending === undefined) return;
    delete this.area.dataset.sending;
    this.part("attach-progress").hidden = true;
    if (failed && ![409, 422].includes(xhr.status)) this.show([this.area.dataset.textFailed]);
  }
}

each("[data-attach]", (area) => areas.set(area, new Attach(area)));

// Sent, or refused: then the form that comes with the answer gets them again.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const area = detail.requestConfig?.elt?.querySelector?.("[data-attach]");
  if (area?.dataset.sending === undefined) return;
  if (detail.xhr.status < 300) kept.delete(area.dataset.url);
  else kept.set(area.dataset.url, areas.get(area).chosen);
});

// Files may be dropped anywhere beside the thread.
const here = () => areas.get(document.querySelector("[data-attach]"));
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

on("dragover", ".middle", (event, middle) => {
  if (!here() || !carriesFiles(event)) return;
  event.preventDefault();
  middle.dataset.over = "";
});
on("dragleave", ".middle", (event, middle) => middle.contains(event.relatedTarget) || delete middle.dataset.over);
on("drop", ".middle", (event, middle) => {
  delete middle.dataset.over;
  if (!here() || !event.dataTransfer.files.length) return;
  event.preventDefault();
  here().add(event.dataTransfer.files);
});
