// [data-password-toggle="field id"]: shows what is typed, for as long as it is pressed in. Hides it again on submit.
import { each } from "./dom.js";

each("[data-password-toggle]", (button) => {
  const field = document.getElementById(button.dataset.passwordToggle);
  if (!field) return;
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false));
});
