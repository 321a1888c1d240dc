// [data-stepper] holds two buttons [data-step] and a number field; the field keeps its bounds.
function settle(input, wanted) {
  const min = input.min === "" ? -Infinity : Number(input.min);
  const max = input.max === "" ? Infinity : Number(input.max);
  const number = Number.isFinite(wanted) ? Math.round(wanted) : min;
  const value = String(Math.max(min, Math.min(max, number)));
  if (input.value !== value) {
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  mark(input);
}

function mark(input) {
  const box = input.closest("[data-stepper]");
  const value = Number(input.value);
  for (const button of box.querySelectorAll("[data-step]")) {
    const down = Number(button.dataset.step) < 0;
    const edge = down ? input.min : input.max;
    button.disabled = edge !== "" && (down ? value <= Number(edge) : value >= Number(edge));
  }
}

function all() {
  document.querySelectorAll("[data-stepper] input").forEach(mark);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-stepper] [data-step]");
  if (!button) return;
  const input = button.parentElement.querySelector("input");
  settle(input, Number(input.value) + Number(button.dataset.step) * Number(input.step || 1));
});

document.addEventListener("focusout", (event) => {
  if (event.target.matches("[data-stepper] input")) settle(event.target, Number(event.target.value));
});

all();
document.addEventListener("htmx:afterSettle", all);
