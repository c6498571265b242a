// A voice message: the microphone, until the button is pressed again.

import { el, icon, words } from "./dom.js";

const KINDS = ["audio/ogg;codecs=opus", "audio/mp4", "audio/webm;codecs=opus"];

export class Recorder {
  constructor(form, done) {
    this.form = form;
    this.done = done;
  }

  async start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return false;
    }
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    const pieces = [];
    this.recorder = new MediaRecorder(this.stream, { mimeType });
    this.recorder.ondataavailable = (event) => pieces.push(event.data);
    this.recorder.onstop = () => {
      this.stream.getTracks().forEach((track) => track.stop());
      this.button.remove();
      this.done(new Blob(pieces, { type: mimeType }), `voice.${mimeType.slice(6, 9)}`);
    };
    this.button = el("button", { type: "button", class: "recording", onclick: () => this.recorder.stop() }, icon("mic"), words.stop_recording);
    this.form.prepend(this.button);
    this.recorder.start();
    return true;
  }
}
