// Going from node to node with the arrow keys. One node is in the tab order: the one last walked to.
const AHEAD = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function attach(view, svg) {
  const nodes = [...svg.querySelectorAll(".node")];
  if (!nodes.length) return;
  let stop = svg.querySelector(".node.current, .node.is-open") ?? nodes[0];
  for (const node of nodes) node.setAttribute("tabindex", node === stop ? 0 : -1);

  svg.addEventListener("focusin", (event) => {
    const node = event.target.closest?.(".node");
    if (!node) return;
    stop.setAttribute("tabindex", -1);
    stop = node;
    stop.setAttribute("tabindex", 0);
  });

  view.addEventListener("keydown", (event) => {
    const ahead = AHEAD[event.key];
    if (!ahead || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const here = document.activeElement.closest?.(".node");
    const next = here ? nearest(nodes, here, ahead) : stop;
    next?.focus({ preventScroll: true });
  });
}

// The nearest in that direction; to the side counts three times.
function nearest(nodes, here, [x, y]) {
  const from = middle(here);
  let best = null;
  let least = Infinity;
  for (const node of nodes) {
    if (node === here) continue;
    const to = middle(node);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const forward = dx * x + dy * y;
    const aside = Math.abs(dx * y) + Math.abs(dy * x);
    if (forward < 12 || forward + 3 * aside >= least) continue;
    least = forward + 3 * aside;
    best = node;
  }
  return best;
}

function middle(node) {
  const box = (node.querySelector(".shape") ?? node).getBBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
