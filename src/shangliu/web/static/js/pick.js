// While picking: the answer to a scan brings the fresh lines with it; they take the place of the old ones.
const result = document.getElementById("scan-result");
const lines = document.getElementById("lines");
const count = document.querySelector(".hand__count");
new MutationObserver(() => {
  const fresh = result.querySelector("template[data-fresh-lines]");
  if (!fresh || !lines) return;
  lines.replaceChildren(fresh.content.cloneNode(true));
  fresh.remove();
  const numbers = [...lines.querySelectorAll(".pick-line__count")].map((one) => one.textContent.split("/").map(Number));
  const [done, total] = numbers.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  if (count) count.textContent = `${done} / ${total}`;
}).observe(result, { childList: true });
