// <form data-auto-submit>: a changed filter asks at once. Its submit button, marked data-no-script, is not needed then.
import { each, on } from "./dom.js";

on("change", "form[data-auto-submit]", (event, form) => form.requestSubmit());
each("form[data-auto-submit] [data-no-script]", (button) => (button.hidden = true));
