// <select data-shows="#id" data-shows-when="value">: that element is there while the value is chosen.
import { each } from "./dom.js";

each("select[data-shows]", (select) => {
  const shown = document.querySelector(select.dataset.shows);
  const show = () => shown?.toggleAttribute("hidden", select.value !== select.dataset.showsWhen);
  select.addEventListener("change", show);
  show();
});
