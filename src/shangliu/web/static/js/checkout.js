// The form for a new address is shown, and asked for, only where a new address was chosen.
const fields = document.querySelector("[data-address-new]");
const choices = [...document.querySelectorAll("[data-address]")];
const needed = ["name", "phone", "province", "city", "street"];

function show() {
  if (!choices.length) return;
  const fresh = choices.find((one) => one.checked)?.value === "new";
  fields.hidden = !fresh;
  for (const name of needed) fields.querySelector(`[name="${name}"]`).required = fresh;
}

for (const one of choices) one.addEventListener("change", show);
show();
