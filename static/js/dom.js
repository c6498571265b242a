/** Run `enhance` for every element that matches, now and whenever htmx brings new ones. */
export function each(selector, enhance) {
  const apply = (root) => {
    if (root.matches?.(selector)) enhance(root);
    root.querySelectorAll(selector).forEach(enhance);
  };
  apply(document);
  document.addEventListener("htmx:load", (event) => apply(event.detail.elt));
}

/** Listen once for the whole document; `handle` gets the event and the nearest match. */
export function on(type, selector, handle, options) {
  document.addEventListener(
    type,
    (event) => {
      const element = event.target instanceof Element ? event.target.closest(selector) : null;
      if (element) handle(event, element);
    },
    options,
  );
}
