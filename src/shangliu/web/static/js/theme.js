// Runs before the first paint: puts the chosen theme on <html>. Without a choice the system decides.
(function () {
  const root = document.documentElement;
  const key = "theme";
  let chosen = null;
  try {
    chosen = localStorage.getItem(key);
  } catch {
    chosen = null;
  }
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    try {
      localStorage.setItem(key, next);
    } catch {
      return;
    }
  });
})();
