// A day played again on the map: dots go along the ways, the nodes count what waited then.
// Everything is drawn from the time alone, so seeking shows exactly what playing does.
import { refresh } from "./figures.js";

const FLIGHT = 1.1; // seconds on the screen that a dot needs for its way
const MOST_DOTS = 400;
const SVG = "http://www.w3.org/2000/svg";

export async function attach(map, svg) {
  const player = map.querySelector("[data-player]");
  const find = (name) => player.querySelector(`[data-${name}]`);
  const [button, seek, speed, note, shown] = ["play", "seek", "speed", "note", "time"].map(find);
  const answer = await fetch(player.dataset.src).catch(() => null);
  const day = answer && (await answer.json().catch(() => null));
  if (!answer?.ok) {
    note.textContent = day?.error ?? player.dataset.failed;
    return;
  }
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const moves = onSheet(svg, day);
  const layer = document.createElementNS(SVG, "g");
  layer.setAttribute("class", "dots");
  layer.setAttribute("aria-hidden", "true");
  svg.append(layer);
  const dots = [];
  for (const one of svg.querySelectorAll("[data-letters]")) one.remove();
  for (const one of map.querySelectorAll("[data-stage-oldest]")) one.textContent = "—";
  let now = 0;
  let quarter = -1;
  let frame = 0;
  let timer = 0;
  let last = 0;

  seek.max = day.seconds;
  seek.disabled = button.disabled = false;
  say();
  calm.addEventListener("change", () => {
    stop();
    say();
    show(now);
  });

  function say() {
    note.textContent = calm.matches ? `${day.note}。${player.dataset.reduced}` : day.note;
    seek.step = calm.matches ? day.quarter : 60;
  }

  function show(time) {
    now = Math.min(Math.max(time, 0), day.seconds);
    const row = day.waiting[Math.min(Math.floor(now / day.quarter), day.waiting.length - 1)];
    if (Math.floor(now / day.quarter) !== quarter) count(row);
    quarter = Math.floor(now / day.quarter);
    const minute = Math.floor(now / 60);
    const words = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
    shown.textContent = `${day.day} ${words}`;
    seek.value = now;
    const all = row.reduce((sum, one, i) => sum + (day.nodes[i].startsWith("stage:") ? 0 : one), 0);
    seek.setAttribute("aria-valuetext", player.dataset.clock.replace("{time}", words).replace("{n}", all));
    player.dataset.now = Math.round(now);
    place();
  }

  function count(row) {
    const nodes = Object.fromEntries(day.nodes.map((key, i) => [key, [row[i], null, null, null, "ok", 0, 0, 0]]));
    refresh(svg, { nodes, edges: {} });
    for (const [key, [waiting]] of Object.entries(nodes)) {
      for (const one of map.querySelectorAll(`[data-stage-figure="${CSS.escape(key)}"], [data-row="${CSS.escape(key)}"] [data-cell="waiting"]`)) {
        one.textContent = waiting;
        const card = one.closest(".block-card");
        if (card) card.dataset.level = "ok";
      }
      const chip = map.querySelector(`[data-stage-count="${CSS.escape(key)}"]`);
      if (chip) {
        chip.textContent = waiting;
        chip.hidden = !waiting;
        chip.closest("a").dataset.level = "ok";
      }
    }
  }

  // A dot arrives at the time of its event and sets out FLIGHT before.
  function place() {
    const flight = FLIGHT * Number(speed.value);
    const radius = Math.max(5, 5 / (svg.getScreenCTM()?.a || 1));
    let used = 0;
    if (!calm.matches) {
      for (let i = firstAfter(moves, now); i < moves.length && moves[i].at < now + flight && used < MOST_DOTS; i++) {
        const spot = along(moves[i].way, 1 - (moves[i].at - now) / flight);
        const dot = dots[used] ?? make();
        dot.setAttribute("r", radius);
        dot.setAttribute("cx", spot.x);
        dot.setAttribute("cy", spot.y);
        dot.removeAttribute("visibility");
        used += 1;
      }
    }
    for (let i = used; i < dots.length; i++) dots[i].setAttribute("visibility", "hidden");
    player.dataset.dots = used;
  }

  function make() {
    const dot = document.createElementNS(SVG, "circle");
    layer.append(dot);
    dots.push(dot);
    return dot;
  }

  function tick(stamp) {
    show(now + ((stamp - last) / 1000) * Number(speed.value));
    last = stamp;
    if (now >= day.seconds) stop();
    else frame = requestAnimationFrame(tick);
  }

  function start() {
    if (now >= day.seconds) show(0);
    mark(true);
    if (calm.matches) {
      timer = setInterval(() => {
        show((Math.floor(now / day.quarter) + 1) * day.quarter);
        if (now >= day.seconds) stop();
      }, 1000);
    } else {
      frame = requestAnimationFrame((stamp) => {
        last = stamp;
        tick(stamp);
      });
    }
  }

  function stop() {
    cancelAnimationFrame(frame);
    clearInterval(timer);
    mark(false);
  }

  function mark(on) {
    player.dataset.playing = on ? "1" : "";
    button.setAttribute("aria-pressed", on);
    button.setAttribute("aria-label", on ? button.dataset.on : button.dataset.off);
    for (const one of button.querySelectorAll("[data-icon]")) one.hidden = (one.dataset.icon === "on") !== on;
  }

  button.addEventListener("click", () => (player.dataset.playing ? stop() : start()));
  seek.addEventListener("input", () => show(Number(seek.value)));
  speed.addEventListener("change", place);
  show(0);
  if (!calm.matches) start(); // who asked for less motion starts it himself
  player.dataset.ready = "1";
}

// The passages that have a way on this sheet, in their order, each with the lines that it goes along.
function onSheet(svg, day) {
  const lines = new Map();
  for (const group of svg.querySelectorAll("[data-edge]")) {
    const line = group.querySelector(".line");
    for (const key of [group.dataset.edge, ...(group.dataset.origins ?? "").split(" ")]) if (key) lines.set(key, line);
  }
  const ways = day.paths.map((path) => {
    const found = [...new Set(path.map((key) => lines.get(key)).filter(Boolean))];
    const lengths = found.map((line) => line.getTotalLength());
    return { lines: found, lengths, length: lengths.reduce((sum, one) => sum + one, 0) };
  });
  return day.passages.map(([at, path]) => ({ at, way: ways[path] })).filter((one) => one.way.lines.length);
}

function along(way, part) {
  let left = Math.min(Math.max(part, 0), 1) * way.length;
  let i = 0;
  while (i < way.lines.length - 1 && left > way.lengths[i]) left -= way.lengths[i++];
  return way.lines[i].getPointAtLength(left);
}

function firstAfter(moves, time) {
  let low = 0;
  let high = moves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (moves[middle].at < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
