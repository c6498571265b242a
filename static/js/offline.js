// Says so when the connection has been gone for a moment, and takes it back when it returns.
import { words } from "./toasts.js";

let timer;
let bar;

function gone() {
  timer = setTimeout(() => {
    bar = document.createElement("div");
    bar.className = "offline-bar";
    bar.setAttribute("role", "status");
    document.body.append(bar);
    bar.textContent = words("offline");
  }, 1500);
}

function back() {
  clearTimeout(timer);
  bar?.remove();
}

addEventListener("offline", gone);
addEventListener("online", back);
if (!navigator.onLine) gone();
