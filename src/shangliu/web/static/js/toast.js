// Toasts: fire `toast` on anything with {text, state, action: {label, href}}; the server does so with the
// header HX-Trigger: {"toast": {"text": "…", "state": "done"}}. States as the chips.
const STAY = 5000;

function toast({ text, state = "done", action = null }) {
  const corner = document.getElementById("toasts");
  if (!corner || !text) return;
  const box = document.createElement("div");
  box.className = `toast toast--${state}`;
  box.append(text);
  if (action) {
    const link = document.createElement("a");
    link.href = action.href;
    link.textContent = action.label;
    box.append(link);
  }
  corner.append(box);
  let timer = setTimeout(() => box.remove(), STAY);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => {
    timer = setTimeout(() => box.remove(), STAY / 2);
  });
}

document.addEventListener("toast", (event) => toast(event.detail));
document.addEventListener("htmx:sendError", () => {
  const en = document.documentElement.lang === "en";
  toast({ text: en ? "No connection. Try again." : "网络不通，请重试", state: "failed" });
});
