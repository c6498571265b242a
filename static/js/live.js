// One stream per page of what changed. [data-live="number the page was drawn at"] opens it; [data-live-at] says which
// conversation is open. Elements are told by events on the body and fetch their part: `live-conversation` the list,
// `live-conversation-<key>` a thread, `live-presence` ({here, writing}) who else is there.
import { each } from "./dom.js";
import { catchingUp, connected, lost, refused } from "./offline.js";

const LONGEST_WAIT = 30_000;
const SILENCE = 50_000; // the server says every 20 s that it is still there
const KINDS = ["conversation", "message", "messages", "broadcast", "presence", "reload", "hello", "beat"];

let place; // the element that asked for the stream
let stream = null;
let seen = "";
let attempts = 0;
let heardAt = 0;
let wasLost = false;
let timer;

// --- What is told, and how often -------------------------------------------------------------------------------------

// Many events become one fetch: at once when it was quiet, then at most so often. The chance in it keeps fifty browsers
// from asking in the same moment. Whatever comes while waiting is told after it, so the last is never lost.
const pauseOf = (name) => (document.hidden ? 4000 : name === "live-conversation" ? 600 : 300) * (1 + Math.random() / 2);
const told = new Map();
const waiting = new Set();

function tell(name) {
  if (waiting.has(name)) return;
  waiting.add(name);
  const quiet = Date.now() - (told.get(name) ?? 0);
  setTimeout(
    () => {
      waiting.delete(name);
      if (wasLost) return; // asked for when the line is back
      told.set(name, Date.now());
      document.body.dispatchEvent(new CustomEvent(name));
    },
    Math.max(40 + Math.random() * 80, pauseOf(name) - quiet),
  );
}

const tellThread = (id) => id && tell(`live-conversation-${id}`);

/** The list and the open thread, whatever happened. */
function tellAll() {
  tell("live-conversation");
  tellThread(place.dataset.liveAt);
}

/** How far a message has come shows on a card only if it is the newest there, or did not arrive. */
function showsOnACard({ conversation, message, state }) {
  const card = document.querySelector(`[data-card="${CSS.escape(conversation)}"]`);
  return card ? state === "failed" || card.dataset.newest === message : state === "failed";
}

const hear = {
  conversation({ id }) {
    tell("live-conversation");
    tellThread(id);
  },
  message({ conversation, id }) {
    tellThread(conversation);
    document.body.dispatchEvent(new CustomEvent("live-message", { detail: { id, conversation } }));
  },
  messages({ messages }) {
    if (messages.some(showsOnACard)) tell("live-conversation");
    new Set(messages.map((change) => change.conversation)).forEach(tellThread);
    for (const { message, conversation } of messages) {
      document.body.dispatchEvent(new CustomEvent("live-message", { detail: { id: message, conversation } }));
    }
  },
  broadcast: ({ id }) => tell(`live-broadcast-${id}`),
  presence: (detail) => document.body.dispatchEvent(new CustomEvent("live-presence", { detail })),
  reload: tellAll,
};

// --- The connection --------------------------------------------------------------------------------------------------

function open() {
  close();
  if (!place || !navigator.onLine) return;
  const at = place.dataset.liveAt ? `&at=${place.dataset.liveAt}` : "";
  stream = new EventSource(`/live/?since=${seen}${at}`);
  heardAt = Date.now();
  stream.addEventListener("open", opened);
  stream.addEventListener("error", failed);
  for (const kind of KINDS) {
    stream.addEventListener(kind, ({ data, lastEventId }) => {
      heardAt = Date.now();
      if (lastEventId) seen = lastEventId;
      hear[kind]?.(JSON.parse(data));
    });
  }
}

function close() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

function opened() {
  heardAt = Date.now();
  attempts = 0;
  if (!wasLost) return connected();
  // What was missed is told by its events; what nobody told of is asked for all the same.
  wasLost = false;
  catchingUp();
  tellAll();
}

/** The line is gone, and with it who else is here. */
function lose() {
  close();
  wasLost = true;
  hear.presence({});
  lost();
}

async function failed() {
  lose();
  if (await isRefused()) return refused();
  const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** attempts++);
  timer = setTimeout(open, wait * (0.5 + Math.random()));
}

/** A browser does not say why a stream ended: signed out, or the line. */
async function isRefused() {
  try {
    return (await fetch("/live/", { method: "HEAD", cache: "no-store" })).status === 403;
  } catch {
    return false;
  }
}

function isDead() {
  return !stream || stream.readyState === EventSource.CLOSED || Date.now() - heardAt > SILENCE;
}

function comeBack() {
  attempts = 0;
  wasLost = true;
  open();
}

each("[data-live]", (element) => {
  if (place) return;
  place = element;
  seen = element.dataset.live;
  open();
  setInterval(() => stream && isDead() && failed(), 10_000);
  addEventListener("offline", lose);
  addEventListener("online", comeBack);
  // A phone freezes what lies behind another window; a page that is kept for "back" must not hold a stream.
  addEventListener("pagehide", close);
  document.addEventListener("freeze", close);
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  document.addEventListener("resume", () => isDead() && comeBack());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (isDead() && navigator.onLine) comeBack();
    // Only what is looked at counts as read.
    tellThread(place.dataset.liveAt);
  });
});
