// One stream of what changed per page; elements that wait for it are told by events on the body, and fetch their part.
import { each } from "./dom.js";

const KINDS = ["conversation", "message", "messages"];
let stream = null;

/** The conversations an event speaks of. */
function conversationsOf(kind, event) {
  if (kind === "messages") return event.messages.map((change) => change.conversation);
  return [event.conversation ?? event.id];
}

const TOGETHER = 120; // milliseconds in which many events become one fetch
const due = new Set();

/** Tell once for all that comes within a moment; whatever comes after that is told again, so the last is never lost. */
function tell(name) {
  if (due.has(name)) return;
  due.add(name);
  setTimeout(() => {
    due.delete(name);
    document.body.dispatchEvent(new CustomEvent(name));
  }, TOGETHER);
}

each("[data-live]", (element) => {
  if (stream) return;
  stream = new EventSource(`/live/?since=${element.dataset.live}`);
  for (const kind of KINDS) {
    stream.addEventListener(kind, ({ data }) => {
      tell("live-conversation");
      new Set(conversationsOf(kind, JSON.parse(data))).forEach((id) => tell(`live-conversation-${id}`));
    });
  }
  stream.addEventListener("broadcast", ({ data }) => tell(`live-broadcast-${JSON.parse(data).id}`));
});
