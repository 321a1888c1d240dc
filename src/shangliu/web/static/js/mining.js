// A slider shows its value while it moves and asks for the page when it is let go; the map moves and zooms; a log
// that is not mined yet tells how far it is, line by line.
import { attach } from "./panzoom.js";

for (const slider of document.querySelectorAll("[data-slider]")) {
  const said = slider.closest("label").querySelector("output");
  slider.addEventListener("input", () => { said.textContent = `${slider.value}%`; });
  slider.addEventListener("change", () => slider.form.requestSubmit());
}

function show() {
  const view = document.querySelector("[data-view]");
  if (!view) return;
  const hand = attach(view, view.querySelector("[data-sheet-box]"));
  hand.fit(true);
  document.addEventListener("click", (event) => {
    const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (zoom === "fit") hand.fit(true);
    else if (zoom) hand.zoom(zoom === "in" ? 1.3 : 1 / 1.3);
  });
}

function tell(place, line) {
  const said = JSON.parse(line);
  if (said.html !== undefined) {
    place.outerHTML = said.html;
    show();
    return;
  }
  const bar = place.querySelector("progress");
  bar.max = said.of;
  bar.value = said.done;
  place.querySelector("[data-mining-doing]").textContent = `${said.doing} ${said.done}/${said.of}`;
}

async function run(place) {
  const answer = await fetch(place.dataset.miningRun);
  if (!answer.ok) throw new Error(answer.status);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) tell(place, line);
  }
}

const place = document.querySelector("[data-mining-run]");
if (place) run(place).catch(() => { place.querySelector("[data-mining-failed]").hidden = false; });
else show();
