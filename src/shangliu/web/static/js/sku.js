// [data-sku="id of a JSON script"]: the matrix of variants as radio buttons, one group an axis.
// {axes: [{key, label, values: [{value, label, picture}]}],
//  variants: [{id, values: {axis: value}, fen, old_fen, stock, picture, text}], words: {…}}
// A value that no variant (with the other choices) has is impossible and disabled; one without stock is
// marked but can be chosen. The hidden field gets the id; `sku:chosen` bubbles with {variant} or {variant: null}.
const FEW = 10;

function yuan(fen) {
  const [whole, cents] = (fen / 100).toFixed(2).split(".");
  const box = document.createElement("span");
  box.className = "price__now";
  for (const [name, text] of [["sign", "¥"], ["yuan", whole], ["fen", `.${cents}`]]) {
    const part = document.createElement("span");
    part.className = `price__${name}`;
    part.textContent = text;
    box.append(part);
  }
  return box;
}

class Picker {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(document.getElementById(root.dataset.sku).textContent);
    this.input = root.querySelector("[data-sku-input]");
    const first = this.data.variants.find((v) => String(v.id) === this.input.value);
    if (first) this.choose(first.values);
    if (this.data.variants.length === 1) this.choose(this.data.variants[0].values);
    root.addEventListener("change", (event) => event.target.dataset.axis && this.show());
    this.show();
  }

  radios(axis) {
    return [...this.root.querySelectorAll(`input[data-axis="${CSS.escape(axis)}"]`)];
  }

  choose(values) {
    for (const [axis, value] of Object.entries(values)) {
      for (const radio of this.radios(axis)) radio.checked = radio.value === String(value);
    }
  }

  chosen() {
    const out = {};
    for (const { key } of this.data.axes) {
      const radio = this.radios(key).find((r) => r.checked);
      if (radio) out[key] = radio.value;
    }
    return out;
  }

  fitting(wanted) {
    const pairs = Object.entries(wanted);
    return this.data.variants.filter((v) => pairs.every(([k, x]) => String(v.values[k]) === x));
  }

  show() {
    const chosen = this.chosen();
    for (const { key } of this.data.axes) {
      for (const radio of this.radios(key)) {
        const fit = this.fitting({ ...chosen, [key]: radio.value });
        radio.disabled = fit.length === 0 && !radio.checked;
        const label = radio.closest("label");
        label.classList.toggle("pick--off", radio.disabled);
        label.classList.toggle("pick--gone", fit.length > 0 && fit.every((v) => v.stock <= 0));
      }
    }
    const fit = this.fitting(chosen);
    const open = this.data.axes.filter((a) => !(a.key in chosen));
    this.say(chosen, open, fit);
    const variant = open.length === 0 ? fit[0] || null : null;
    this.input.value = variant ? variant.id : "";
    this.root.dispatchEvent(new CustomEvent("sku:chosen", { bubbles: true, detail: { variant } }));
  }

  say(chosen, open, fit) {
    const { words } = this.data;
    const low = fit.length ? fit.reduce((a, b) => (b.fen < a.fen ? b : a)) : null;
    const price = this.root.querySelector("[data-sku-price]");
    price.replaceChildren(...(low ? [yuan(low.fen)] : []));
    if (low && fit.some((v) => v.fen !== low.fen)) price.append("+");
    const stock = fit.reduce((sum, v) => sum + Math.max(0, v.stock), 0);
    const one = open.length === 0 ? fit[0] : null;
    const line = this.root.querySelector("[data-sku-stock]");
    line.textContent = one && one.text ? one.text
      : stock === 0 ? words.none
      : stock > FEW && words.have ? words.have
      : `${stock <= FEW && one ? words.few : words.stock} ${stock} ${words.unit}`;
    line.classList.toggle("is-few", stock <= FEW && Boolean(one));
    const labels = this.data.axes.filter((a) => a.key in chosen)
      .map((a) => a.values.find((v) => String(v.value) === chosen[a.key]).label);
    this.root.querySelector("[data-sku-said]").textContent = open.length
      ? `${words.pick} ${open.map((a) => a.label).join(" ")}`
      : `${words.chosen} ${labels.join(" ")}`;
    const source = (one && one.picture) || this.picture(chosen);
    const image = this.root.querySelector("img[data-sku-picture]");
    if (image && source) image.src = source;
    const amount = this.root.closest("form")?.querySelector("[data-stepper] input");
    if (amount && one) amount.max = String(Math.max(1, one.stock));
  }

  picture(chosen) {
    for (const axis of this.data.axes) {
      const value = axis.values.find((v) => String(v.value) === chosen[axis.key]);
      if (value && value.picture) return value.picture;
    }
    return null;
  }
}

function start() {
  for (const root of document.querySelectorAll("[data-sku]:not([data-ready])")) {
    root.dataset.ready = "";
    new Picker(root);
  }
}

start();
document.addEventListener("htmx:afterSettle", start);
document.addEventListener("submit", (event) => {
  const input = event.target.querySelector("[data-sku-input]");
  if (!input || input.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const said = event.target.querySelector("[data-sku-said]");
  said.classList.add("is-asked");
  said.scrollIntoView({ block: "nearest" });
}, true);
