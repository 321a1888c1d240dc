// Buttons [data-sheet="id"] open a <dialog>; [data-sheet-close], the ground and Escape close it.
// A submit button inside may name itself with data-sheet-set="field=value" on its opener: the opener writes
// that value into the sheet's field before it opens (立即购买 and 加入购物车 share one sheet).
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-sheet]");
  if (opener) {
    const sheet = document.getElementById(opener.dataset.sheet);
    if (!sheet || sheet.open) return;
    const [name, value] = (opener.dataset.sheetSet || "").split("=");
    const field = name && sheet.querySelector(`[name="${CSS.escape(name)}"]`);
    if (field) field.value = value;
    event.preventDefault();
    sheet.showModal();
    return;
  }
  const close = event.target.closest("[data-sheet-close]");
  if (close) return close.closest("dialog").close();
  if (event.target instanceof HTMLDialogElement && event.target.classList.contains("sheet")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientY >= box.top && event.clientY <= box.bottom
      && event.clientX >= box.left && event.clientX <= box.right;
    if (!inside) event.target.close();
  }
});

// A small menu (<details class="menu">) closes when something else is touched.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
