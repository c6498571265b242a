// [data-counter-for="field id"]: how many characters are left of maxlength, or of data-limit, which only warns; shown
// from data-from characters on, if there is one.
import { each } from "./dom.js";

each("[data-counter-for]", (counter) => {
  const field = document.getElementById(counter.dataset.counterFor);
  if (!field) return;
  const limit = Number(counter.dataset.limit ?? field.maxLength);
  const write = () => {
    const length = [...field.value].length;
    counter.textContent = `${length.toLocaleString(document.documentElement.lang)} / ${limit.toLocaleString(document.documentElement.lang)}`;
    counter.toggleAttribute("data-over", length > limit);
    counter.hidden = length < Number(counter.dataset.from ?? 0);
  };
  field.addEventListener("input", write);
  write();
});
