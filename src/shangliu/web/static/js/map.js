// The living map: moves and zooms, refreshes its figures in place, opens panels of steps and ways.
import { attach } from "./panzoom.js";
import { duration, lasted, refresh } from "./figures.js";
import { attach as fold } from "./fold.js";
import { attach as play } from "./playback.js";
import { attach as walk } from "./walk.js";

const map = document.querySelector("[data-map]");
const view = map.querySelector("[data-view]");
const sheet = map.querySelector("[data-sheet-box]");
const svg = sheet.querySelector("svg");
const panel = document.getElementById("panel");
const words = map.querySelector("[data-live-words]");
const live = map.querySelector("[data-live]");
const hand = attach(view, sheet);
const period = map.dataset.period;
const look = new URLSearchParams(map.dataset.query);
let dirty = false;

hand.fit(map.dataset.code === "overview");
addEventListener("resize", () => map.dataset.code === "overview" && hand.fit(true));
walk(view, svg);
fold(sheet, svg);
const asked = new URLSearchParams(location.search).get("node");
const here = (asked && svg.querySelector(`[data-node="${CSS.escape(asked)}"]`)) || svg.querySelector(".current");
if (here && map.dataset.code !== "overview") hand.show(here);

function state(name) {
  live.dataset.live = name;
  words.textContent = words.dataset[name];
}

function apply(data) {
  refresh(svg, data);
  for (const one of map.querySelectorAll("[data-stage-count]")) {
    const found = data.nodes[one.dataset.stageCount];
    if (!found) continue;
    one.textContent = found[0];
    one.hidden = !found[0];
    one.closest("a").dataset.level = found[4];
  }
  for (const one of map.querySelectorAll("[data-stage-figure]")) {
    const found = data.nodes[one.dataset.stageFigure];
    if (!found) continue;
    one.textContent = found[0];
    one.closest("a").dataset.level = found[4];
  }
  for (const row of map.querySelectorAll("[data-row]")) {
    const found = data.nodes[row.dataset.row];
    if (!found) continue;
    const [waiting, oldest, p50, p95, , count] = found;
    const cells = { waiting, oldest: oldest === null ? "" : duration(oldest * 1e6), count, p50: lasted(p50), p95: lasted(p95) };
    for (const [name, value] of Object.entries(cells)) {
      const cell = row.querySelector(`[data-cell="${name}"]`);
      if (cell) cell.textContent = value;
    }
  }
  const open = new URLSearchParams(location.search).get("node");
  const waiting = panel.querySelector("[data-panel-waiting]");
  const now = open && data.nodes[open];
  if (now && waiting && (waiting.textContent !== String(now[0]) || waiting.dataset.panelWaiting !== `${now[6]},${now[7]}`)) load(location.search, false);
  map.dataset.at = data.at;
}

async function poll() {
  try {
    const answer = await fetch(`${map.dataset.figures}?${query({ code: map.dataset.code })}`, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      apply(await answer.json());
      state("polling");
    } else state("off");
  } catch {
    state("off");
  }
}

let polling = null;
function listen() {
  const source = new EventSource(`${map.dataset.stream}/figures?period=${period}`, { withCredentials: true });
  let heard = false;
  source.addEventListener("figures", (event) => {
    heard = true;
    clearInterval(polling);
    polling = null;
    state("on");
    apply(JSON.parse(event.data));
  });
  source.onerror = () => {
    if (!polling) {
      poll();
      polling = setInterval(poll, 2000);
    }
    if (!heard && source.readyState === EventSource.CLOSED) setTimeout(listen, 15000);
  };
}

// A span that is over does not change; tags and heat are only told to those who ask.
if (map.dataset.playing) {
  state("played");
  play(map, svg);
} else if (!map.dataset.liveLook) state("past");
else if (map.dataset.own) {
  poll();
  setInterval(poll, 2000);
} else listen();

async function load(search, push = true) {
  const answer = await fetch(map.dataset.panel + search);
  if (!answer.ok) return;
  const fresh = await answer.text();
  if (dirty && !push) return;
  panel.innerHTML = fresh;
  panel.hidden = false;
  map.querySelector(".map__both").classList.add("has-panel");
  if (push) history.pushState(null, "", search);
  mark();
}

function mark() {
  const asked = new URLSearchParams(location.search);
  for (const one of svg.querySelectorAll(".is-open")) one.classList.remove("is-open");
  const key = asked.get("node");
  const edge = asked.get("edge");
  if (key) svg.querySelector(`[data-node="${CSS.escape(key)}"]`)?.classList.add("is-open");
  if (edge) svg.querySelector(`[data-edge="${CSS.escape(edge)}"], [data-origins="${CSS.escape(edge)}"]`)?.classList.add("is-open");
}

function close(push = true) {
  const left = svg.querySelector(".node.is-open");
  if (panel.contains(document.activeElement)) (left ?? view).focus({ preventScroll: true });
  panel.hidden = true;
  panel.innerHTML = "";
  map.querySelector(".map__both").classList.remove("has-panel");
  if (push) history.pushState(null, "", `?${query({})}`);
  mark();
}

function query(more) {
  return new URLSearchParams({ ...Object.fromEntries(look), ...more });
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-panel-close]")) {
    event.preventDefault();
    return close();
  }
  const link = event.target.closest("[data-open-node], [data-open-edge]");
  if (link) {
    event.preventDefault();
    return load(`?${query(link.dataset.openNode ? { node: link.dataset.openNode } : { edge: link.dataset.openEdge })}`);
  }
  const node = event.target.closest("svg .node");
  if (node && view.contains(node)) {
    const key = node.dataset.node;
    if (key.startsWith("stage:") || node.matches(".link_in, .link_out")) return undefined;
    event.preventDefault();
    return load(`?${query({ node: key })}`).then(() => event.detail === 0 && panel.focus());
  }
  const edge = event.target.closest("svg .edge");
  if (edge && view.contains(edge)) {
    const between = edge.dataset.edge.startsWith("stage:");
    const way = between ? edge.dataset.edge : (edge.dataset.origins || edge.dataset.edge).split(" ")[0];
    return load(`?${query({ edge: way })}`);
  }
  const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
  if (zoom === "fit") hand.fit(true);
  else if (zoom) hand.zoom(zoom === "in" ? 1.25 : 0.8);
  if (event.target.closest("[data-print]")) print();
});

addEventListener("popstate", () => {
  if (/[?&](node|edge)=/.test(location.search)) load(location.search, false);
  else close(false);
});
panel.addEventListener("input", () => { dirty = true; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden && !event.target.closest("input")) close();
});
mark();
