// After a refused form the summary of errors gets the focus, so that it is read and its links are next.
import { each } from "./dom.js";

each("[data-error-summary]", (summary) => {
  if ("focus" in summary.dataset || !summary.closest("[data-no-focus]")) summary.focus();
});
