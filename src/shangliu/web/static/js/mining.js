// A slider shows its value while it moves and asks for the page when it is let go; the map moves and zooms.
import { attach } from "./panzoom.js";

for (const slider of document.querySelectorAll("[data-slider]")) {
  const said = slider.closest("label").querySelector("output");
  slider.addEventListener("input", () => { said.textContent = `${slider.value}%`; });
  slider.addEventListener("change", () => slider.form.requestSubmit());
}

const view = document.querySelector("[data-view]");
if (view) {
  const hand = attach(view, view.querySelector("[data-sheet-box]"));
  hand.fit(true);
  document.addEventListener("click", (event) => {
    const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (zoom === "fit") hand.fit(true);
    else if (zoom) hand.zoom(zoom === "in" ? 1.3 : 1 / 1.3);
  });
}
