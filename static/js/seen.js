// A thread that is drawn anew says in [data-seen] what its newest message is; forms that answer carry it along.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const newest = detail.target?.querySelector?.("[data-seen]")?.dataset.seen;
  if (newest) document.querySelectorAll(".composer-place input[name=seen]").forEach((field) => (field.value = newest));
});
