// The stage picture on an order's page: the place where the order stands comes into view.
const way = document.querySelector("[data-way]");
const here = way?.querySelector(".current");
if (here) {
  const box = here.getBoundingClientRect();
  const frame = way.getBoundingClientRect();
  way.scrollLeft += box.left - frame.left - frame.width / 2 + box.width / 2;
  way.scrollTop += box.top - frame.top - frame.height / 2 + box.height / 2;
}
