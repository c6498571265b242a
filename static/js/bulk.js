// A table with boxes: <div data-bulk> around it; [data-bulk-all], [data-bulk-row] boxes, [data-bulk-bar] with
// [data-bulk-count]. Shift chooses a range; Escape lets go.
import { each, on } from "./dom.js";

const boxes = (area) => [...area.querySelectorAll("[data-bulk-row]:not(:disabled)")];

function show(area) {
  const all = boxes(area);
  const chosen = all.filter((box) => box.checked);
  const head = area.querySelector("[data-bulk-all]");
  if (head) {
    head.checked = all.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  for (const box of all) box.closest("tr, li")?.toggleAttribute("data-chosen", box.checked);
  area.querySelector("[data-bulk-bar]")?.toggleAttribute("hidden", chosen.length === 0);
  area.toggleAttribute("data-choosing", chosen.length > 0);
  for (const count of area.querySelectorAll("[data-bulk-count]")) {
    count.textContent = chosen.length.toLocaleString(document.documentElement.lang);
  }
}

let last = null;
on("click", "[data-bulk-row]", (event, box) => {
  const area = box.closest("[data-bulk]");
  const all = boxes(area);
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
  show(area);
});
on("change", "[data-bulk-row]", (event, box) => show(box.closest("[data-bulk]")));
on("change", "[data-bulk-all]", (event, head) => {
  const area = head.closest("[data-bulk]");
  for (const box of boxes(area)) box.checked = head.checked;
  show(area);
});

function letGo(area) {
  for (const box of boxes(area)) box.checked = false;
  show(area);
}
on("click", "[data-bulk-clear]", (event, button) => {
  const area = button.closest("[data-bulk]");
  letGo(area);
  (area.querySelector("[data-bulk-all]") ?? boxes(area)[0])?.focus();
});
on("keydown", "[data-bulk][data-choosing]", (event, area) => event.key === "Escape" && letGo(area));
each("[data-bulk]", show);
