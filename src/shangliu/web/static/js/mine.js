// What is personal on a page that is the same for everybody: the name and the count in the cart.
// Asked for only where the cookie `mine` says that there is something.
const box = document.getElementById("mine");

async function show() {
  if (!box || !document.cookie.split("; ").includes("mine=1")) return;
  const answer = await fetch("/me/badge/", { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  box.innerHTML = await answer.text();
  const count = box.querySelector("[data-count]")?.innerHTML ?? "";
  for (const link of document.querySelectorAll('.bottom-bar a[href="/cart/"], .sticky-bar a[href="/cart/"]')) {
    link.querySelector(".badge")?.remove();
    link.insertAdjacentHTML("beforeend", count);
  }
}

show();
document.addEventListener("mine", show);

// The pictures of a product: a small one chooses the large one.
document.addEventListener("click", (event) => {
  const small = event.target.closest("[data-large]");
  if (!small) return;
  event.preventDefault();
  const large = document.querySelector("[data-gallery]");
  large.src = small.dataset.large;
  large.srcset = "";
});

// A sheet whose buttons differ says which of them opened it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-then]");
  const field = opener && document.querySelector("[data-then-field]");
  if (field) field.value = opener.dataset.then;
}, true);

// "Choose all" in the cart.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const one of document.querySelectorAll('input[name="chosen"]')) one.checked = event.target.checked;
}, true);

// A hold that ends while one looks: the cart is asked again.
document.addEventListener("countdown:end", (event) => {
  if (event.target.closest("#cart")) setTimeout(() => location.reload(), 2500);
});
