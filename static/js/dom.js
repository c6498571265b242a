/** Run `enhance` once for every element that matches, now and whenever htmx brings new ones. */
export function each(selector, enhance) {
  const known = new WeakSet(); // htmx also announces the page itself
  const once = (element) => {
    if (known.has(element)) return;
    known.add(element);
    enhance(element);
  };
  const apply = (root) => {
    if (root.matches?.(selector)) once(root);
    root.querySelectorAll(selector).forEach(once);
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
