// Moving and zooming a picture in a window: drag, wheel, pinch, keys. `attach(window, sheet)` gives {fit, zoom, show}.
const LEAST = 0.08;
const MOST = 3;

export function attach(view, sheet) {
  const svg = sheet.querySelector("svg");
  const size = { w: svg.viewBox.baseVal.width, h: svg.viewBox.baseVal.height };
  const state = { x: 0, y: 0, k: 1 };
  const pointers = new Map();
  let moved = 0;
  let pinch = null;

  svg.style.width = `${size.w}px`;
  svg.style.height = `${size.h}px`;
  view.classList.add("is-live");

  function paint() {
    const box = view.getBoundingClientRect();
    const w = size.w * state.k;
    const h = size.h * state.k;
    state.x = w <= box.width ? (box.width - w) / 2 : Math.min(24, Math.max(box.width - w - 24, state.x));
    state.y = h <= box.height ? Math.min(24, (box.height - h) / 2) : Math.min(24, Math.max(box.height - h - 24, state.y));
    sheet.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.k})`;
  }

  function zoom(by, at) {
    const box = view.getBoundingClientRect();
    const x = (at?.x ?? box.left + box.width / 2) - box.left;
    const y = (at?.y ?? box.top + box.height / 2) - box.top;
    const k = Math.min(MOST, Math.max(LEAST, state.k * by));
    state.x = x - ((x - state.x) * k) / state.k;
    state.y = y - ((y - state.y) * k) / state.k;
    state.k = k;
    paint();
  }

  // Whole where that can be read; else as high as the window, from the start.
  function fit(whole = false) {
    const box = view.getBoundingClientRect();
    const all = Math.min(box.width / size.w, box.height / size.h, 1.25);
    const readable = box.width < 700 ? 0.62 : 0.5;
    state.k = whole ? all : Math.max(all, Math.min(readable, box.height / size.h || readable));
    if (!whole && state.k < 0.3) state.k = 0.3;
    state.x = 12;
    state.y = 12;
    paint();
  }

  function show(node) {
    const box = view.getBoundingClientRect();
    const there = node.getBBox();
    if (state.k < 0.6) state.k = 0.6;
    state.x = box.width / 2 - (there.x + there.width / 2) * state.k;
    state.y = box.height / 2 - (there.y + there.height / 2) * state.k;
    paint();
  }

  view.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey) {
      state.x -= event.deltaY + event.deltaX;
      return paint();
    }
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), { x: event.clientX, y: event.clientY });
  }, { passive: false });

  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    pointers.set(event.pointerId, event);
    moved = 0;
    pinch = null;
  });

  window.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const gap = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      const middle = { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 };
      if (pinch) zoom(gap / pinch, middle);
      pinch = gap;
      moved = 99;
      return;
    }
    const dx = event.clientX - before.clientX;
    const dy = event.clientY - before.clientY;
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved < 4) return;
    view.classList.add("is-dragged");
    state.x += dx;
    state.y += dy;
    paint();
  });

  const up = (event) => {
    pointers.delete(event.pointerId);
    pinch = null;
    if (!pointers.size) setTimeout(() => view.classList.remove("is-dragged"));
  };
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", up);
  view.addEventListener("dragstart", (event) => event.preventDefault());
  view.addEventListener("click", (event) => {
    if (moved >= 4) {
      event.preventDefault();
      event.stopPropagation();
    }
    moved = 0;
  }, true);

  const keys = {
    "+": () => zoom(1.2),
    "=": () => zoom(1.2),
    "-": () => zoom(1 / 1.2),
    0: () => fit(true),
    ArrowLeft: () => { state.x += 80; paint(); },
    ArrowRight: () => { state.x -= 80; paint(); },
    ArrowUp: () => { state.y += 80; paint(); },
    ArrowDown: () => { state.y -= 80; paint(); },
  };
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (event.key.startsWith("Arrow") && !event.shiftKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  view.addEventListener("focusin", (event) => {
    const node = event.target.closest?.(".node");
    if (node?.matches(":focus-visible")) show(node);
    view.scrollTo(0, 0);
  });
  new ResizeObserver(paint).observe(view);
  return { fit, zoom, show };
}
