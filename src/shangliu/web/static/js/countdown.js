// <time data-until="ISO" data-now="server's ISO" data-ended="words" data-on-end="reload">
// Loud (class is-loud) in the last two minutes. At the end fires `countdown:end`, which bubbles.
const LOUD = 120;
const skews = new WeakMap();
const two = (n) => String(n).padStart(2, "0");

function skew(el) {
  if (!skews.has(el)) {
    skews.set(el, el.dataset.now ? Date.parse(el.dataset.now) - Date.now() : 0);
  }
  return skews.get(el);
}

function words(left) {
  const days = Math.floor(left / 86400);
  const hours = Math.floor((left % 86400) / 3600);
  const clock = `${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`;
  const en = document.documentElement.lang === "en";
  if (days) return `${days}${en ? "d" : "天"} ${two(hours)}:${clock}`;
  return hours ? `${two(hours)}:${clock}` : clock;
}

function end(el) {
  el.dataset.over = "";
  el.textContent = el.dataset.ended || "00:00";
  const box = el.closest(".countdown") || el;
  box.classList.remove("is-loud");
  box.classList.add("is-over");
  el.dispatchEvent(new CustomEvent("countdown:end", { bubbles: true }));
  if (el.dataset.onEnd === "reload" && !el.dataset.wasOver) setTimeout(() => location.reload(), 1500);
}

function tick() {
  for (const el of document.querySelectorAll("[data-until]:not([data-over])")) {
    const first = !skews.has(el);
    const left = Math.floor((Date.parse(el.dataset.until) - Date.now() - skew(el)) / 1000);
    if (left <= 0) {
      if (first) el.dataset.wasOver = "1";
      end(el);
      continue;
    }
    el.textContent = words(left);
    (el.closest(".countdown") || el).classList.toggle("is-loud", left <= LOUD);
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
