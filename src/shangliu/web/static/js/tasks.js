// Task lists: one box ticks all of its list; a button prints the list.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const box of event.target.closest("form").querySelectorAll("[name=pk]")) box.checked = event.target.checked;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
