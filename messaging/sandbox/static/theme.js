// Light, dark, or as the system has it.

const stored = localStorage.getItem("theme");
if (stored) document.documentElement.dataset.theme = stored;
document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
});
