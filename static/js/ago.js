// <time datetime="…" data-ago>: keeps "5 minutes ago" true while the page is open.
const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [86400 * 30, "day", 86400],
  [86400 * 365, "month", 86400 * 30],
  [Infinity, "year", 86400 * 365],
];

function refresh() {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const seconds = (new Date(element.dateTime) - Date.now()) / 1000;
    const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
    const text = format.format(Math.trunc(seconds / size), unit);
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(() => document.visibilityState === "visible" && refresh(), 30_000);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
