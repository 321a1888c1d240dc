// A sheet that is much wider than paper is printed in rows: for the time of printing, copies of it
// stand one below the other, each showing its part.

const SVG = "http://www.w3.org/2000/svg";

function part(svg, piece, height) {
  const copy = svg.cloneNode(true);
  const width = piece.right - piece.left;
  const said = { x: piece.x, y: piece.y, width, height, viewBox: `${piece.left} 0 ${width} ${height}` };
  for (const [name, value] of Object.entries(said)) copy.setAttribute(name, value);
  return copy;
}

export function attach(sheet, svg) {
  const folded = JSON.parse(sheet.dataset.fold || "null");
  if (!folded) return;
  const whole = document.createElementNS(SVG, "svg");
  whole.setAttribute("viewBox", `0 0 ${folded.width} ${folded.height}`);
  whole.setAttribute("class", svg.getAttribute("class"));
  addEventListener("beforeprint", () => {
    whole.replaceChildren(...folded.pieces.map((piece) => part(svg, piece, folded.row_height)));
    sheet.append(whole);
  });
  addEventListener("afterprint", () => whole.remove());
}
