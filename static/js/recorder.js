// The microphone: a level while it listens, a recording at the end.
const KINDS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

export class Recorder {
  /** `onTick(seconds, level)` is called while it records, and may stop it. */
  constructor({ onTick }) {
    this.onTick = onTick;
  }

  /** Rejects when there is no microphone or nobody allows it. */
  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, noiseSuppression: true, echoCancellation: true } });
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.pieces = [];
    this.recorder = new MediaRecorder(this.stream, mimeType ? { mimeType } : {});
    this.recorder.addEventListener("dataavailable", ({ data }) => this.pieces.push(data));
    this.ended = new Promise((resolve) => this.recorder.addEventListener("stop", resolve, { once: true }));
    this.listen();
    this.recorder.start(1000);
    this.began = performance.now();
    this.timer = setInterval(() => this.tick(), 100);
  }

  listen() {
    this.context = new AudioContext();
    this.analyser = this.context.createAnalyser();
    this.analyser.fftSize = 512;
    this.context.createMediaStreamSource(this.stream).connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  tick() {
    const seconds = (performance.now() - this.began) / 1000;
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.samples.length;
    this.onTick(seconds, Math.min(1, Math.sqrt(power) * 4));
  }

  /** The recording as a file. */
  async stop() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    return this.ended.then(() => {
      this.release();
      const type = this.recorder.mimeType.split(";")[0];
      return new File(this.pieces, `voice.${type.split("/")[1]}`, { type });
    });
  }

  release() {
    clearInterval(this.timer);
    this.stream.getTracks().forEach((track) => track.stop());
    this.context.close();
  }
}
