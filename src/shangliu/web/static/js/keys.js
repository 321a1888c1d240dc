// The control room by keyboard: Ctrl-K or / finds, j and k walk a [data-keys="list"], enter opens, x ticks,
// escape leaves a field. Also the bulk bar that follows ticked boxes, and the side menu of a narrow window.
const typing = (el) => el.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const items = () => [...document.querySelectorAll('[data-keys="list"] [data-key-item]')];

function walk(by) {
  const list = items();
  if (!list.length) return;
  const here = list.findIndex((i) => i.contains(document.activeElement));
  const open = list.findIndex((i) => i.querySelector("[aria-current]"));
  const from = here >= 0 ? here : open;
  const next = list[Math.max(0, Math.min(list.length - 1, from + by))];
  const link = next.querySelector("a[href]");
  link.focus();
  next.scrollIntoView({ block: "nearest" });
}

function tick() {
  const box = document.activeElement?.closest("[data-key-item]")?.querySelector("[data-bulk]");
  if (box) box.click();
}

const moves = { j: () => walk(1), k: () => walk(-1), x: tick };

document.addEventListener("keydown", (event) => {
  const find = document.querySelector("[data-find]");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && find) {
    event.preventDefault();
    find.focus();
    find.select();
    return;
  }
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/" && find) {
    event.preventDefault();
    return find.focus();
  }
  const move = moves[event.key];
  if (move && items().length) {
    event.preventDefault();
    move();
  }
});

function bulk() {
  const picked = document.querySelectorAll("[data-bulk]:checked").length;
  for (const bar of document.querySelectorAll("[data-bulk-bar]")) {
    bar.hidden = picked === 0;
    bar.querySelector("[data-bulk-count]").textContent = picked;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-bulk-all]")) {
    for (const box of document.querySelectorAll("[data-bulk]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-bulk], [data-bulk-all]")) bulk();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-bulk-clear]")) {
    for (const box of document.querySelectorAll("[data-bulk], [data-bulk-all]")) box.checked = false;
    bulk();
  }
  const side = document.getElementById("side");
  if (event.target.closest("[data-side]")) side.classList.toggle("is-open");
  else if (side && !side.contains(event.target)) side.classList.remove("is-open");
});

document.addEventListener("htmx:afterSettle", bulk);
bulk();
