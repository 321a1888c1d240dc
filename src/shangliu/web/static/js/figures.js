// Writing fresh figures into a drawn map: badges, dwell times, pills, thickness, heat. Numbers as the server writes them.
const english = document.documentElement.lang === "en";

export function human(number) {
  const steps = english ? [[1e6, "M"], [1e3, "k"]] : [[1e8, "亿"], [1e4, "万"]];
  for (const [size, unit] of steps) if (number >= size) return short(number, size) + unit;
  return String(number);
}

function short(number, size) {
  const tenths = Math.floor((number * 10 + size / 2) / size);
  if (tenths >= 100 || tenths % 10 === 0) return String(Math.floor((number + size / 2) / size));
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

export function duration(us) {
  for (const [size, zh, en] of [[86400e6, "天", "d"], [3600e6, "小时", "h"], [60e6, "分", "m"]]) {
    if (us >= size) {
      const text = us < 10 * size && size > 60e6 ? short(us, size) : String(Math.floor((us + size / 2) / size));
      return text + (english ? en : zh);
    }
  }
  return Math.floor((us + 5e5) / 1e6) + (english ? "s" : "秒");
}

export function lasted(us) {
  if (us === null || us === undefined) return "";
  if (us < 1e6) return us >= 1000 ? `${Math.round(us / 1000)} ms` : "<1 ms";
  return duration(us);
}

const dwell = (p50, p95) => (p50 === null ? "" : `p50 ${duration(p50)}${p95 === null ? "" : ` · p95 ${duration(p95)}`}`);

function pillText(count, share) {
  if (share === null) return human(count);
  const percent = share * 100;
  return `${human(count)} · ${percent > 0 && percent < 0.5 ? "<1%" : `${percent.toFixed(0)}%`}`;
}

const MARKS = { warn: "M-3 3V-3H3V3Z", late: "M0-4.6L4.6 3.6H-4.6Z" };

function badge(group, waiting, level) {
  const text = group.querySelector("text");
  const rect = group.querySelector("rect");
  if (!rect) return set(group, human(waiting));
  const shown = waiting ? human(waiting) : "";
  const mark = MARKS[level];
  const right = Number(/translate\(([-\d.]+)/.exec(group.getAttribute("transform"))[1]) + Number(rect.getAttribute("width"));
  const top = /translate\([-\d.]+[ ,]([-\d.]+)/.exec(group.getAttribute("transform"))[1];
  set(text, shown);
  const width = Math.round(shown.length * 6.9) + 16 + (mark ? 12 : 0);
  rect.setAttribute("width", width);
  text.setAttribute("x", width / 2 + (mark ? 6 : 0));
  group.setAttribute("transform", `translate(${right - width} ${top})`);
  group.querySelector("g").innerHTML = mark ? `<path class="mark" d="${mark}"/>` : "";
  group.setAttribute("visibility", waiting ? "visible" : "hidden");
}

// What a step sent and has not arrived. Only drawn where there is something, so it comes and goes.
function letters(node, waiting, dead) {
  let group = node.querySelector("[data-letters]");
  if (!(waiting + dead)) return group?.remove();
  if (!group) {
    const at = node.querySelector(".shape").getBBox();
    group = document.createElementNS(node.namespaceURI, "g");
    group.dataset.letters = "";
    group.setAttribute("transform", `translate(${at.x - 6} ${at.y - 10})`);
    group.innerHTML = '<rect height="20" rx="10"/><path transform="translate(13 10)" d="M-6-4H6V4H-6ZM-6-4L0 1L6-4"/><text y="14" text-anchor="middle"/>';
    node.append(group);
  }
  group.setAttribute("class", dead ? "letters dead" : "letters");
  const shown = human(waiting + dead);
  const width = Math.round(shown.length * 6.9) + 30;
  set(group.querySelector("text"), shown);
  group.querySelector("rect").setAttribute("width", width);
  group.querySelector("text").setAttribute("x", width / 2 + 8);
}

// What comparison and heat add to a node.
function lensed(node, data) {
  const key = node.dataset.node;
  const [band, words] = data.heat[key] ?? [0, ""];
  if (band) node.dataset.heat = band;
  else delete node.dataset.heat;
  set(node.querySelector("[data-heat-words]"), words);
  set(node.querySelector("[data-tag] text"), data.tags[key] ?? "");
}

function set(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

function ofEdge(group, edges) {
  const own = edges[group.dataset.edge];
  if (own) return own;
  const found = (group.dataset.origins || "").split(" ").map((key) => edges[key]).filter(Boolean);
  if (!found.length) return null;
  return [found.reduce((sum, one) => sum + one[0], 0), found.length === 1 ? found[0][1] : null];
}

export function refresh(svg, data) {
  for (const node of svg.querySelectorAll("[data-node]")) {
    const found = data.nodes[node.dataset.node];
    if (!found) continue;
    const [waiting, oldest, p50, p95, level, , undelivered, dead] = found;
    if (level === "late" && node.dataset.level !== "late") {
      node.classList.remove("just-late");
      void node.getBoundingClientRect();
      node.classList.add("just-late");
    }
    node.dataset.level = level;
    const mark = node.querySelector("[data-badge]");
    if (mark?.tagName === "g") badge(mark, waiting, level);
    else set(mark, human(waiting));
    letters(node, undelivered, dead);
    set(node.querySelector("[data-dwell]"), dwell(p50, p95));
    if (data.tags) lensed(node, data);
    const age = node.querySelector("[data-oldest]");
    if (age) set(age, oldest === null ? "" : (english ? "oldest " : "最久 ") + duration(oldest * 1e6));
  }
  const groups = [...svg.querySelectorAll("[data-edge]")];
  const counts = groups.map((group) => ofEdge(group, data.edges));
  const most = Math.max(0, ...counts.map((one) => (one ? one[0] : 0)));
  groups.forEach((group, i) => {
    const one = counts[i];
    if (!one) return;
    const line = group.querySelector(".line");
    if (most) line.setAttribute("stroke-width", (1.5 + 3.5 * Math.sqrt(one[0] / most)).toFixed(1));
    const pill = group.querySelector("[data-pill]");
    if (!pill) return;
    const words = data.pills?.[group.dataset.edge] ?? pillText(...one);
    const text = pill.querySelector("text");
    if (text.textContent !== words) {
      text.textContent = words;
      const width = Math.min(96, Math.max(28, Math.round(words.length * 6.2) + 12));
      const rect = pill.querySelector("rect");
      rect.setAttribute("x", -width / 2);
      rect.setAttribute("width", width);
    }
    pill.removeAttribute("visibility");
  });
}
