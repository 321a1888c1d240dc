// [data-copy="text"] copies it and says so with a toast (data-copied).
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const detail = { text: button.dataset.copied || text, state: "done" };
  document.dispatchEvent(new CustomEvent("toast", { detail }));
});
