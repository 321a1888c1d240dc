// form[data-once] is sent once: its buttons rest until the answer, the idempotency key stays the same
// for every attempt of one visit, so a second sending is recognised by the server.
function key() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function fill() {
  for (const input of document.querySelectorAll("[data-once-key]")) input.value ||= key();
}

function rest(form, busy) {
  form.toggleAttribute("data-sent", busy);
  form.toggleAttribute("aria-busy", busy);
  for (const button of form.querySelectorAll("button[type=submit]")) {
    button.classList.toggle("is-busy", busy && button === form.lastButton);
    button.disabled = busy;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]") || event.defaultPrevented) return;
  if (form.hasAttribute("data-sent")) return event.preventDefault();
  form.lastButton = event.submitter;
  setTimeout(() => rest(form, true));
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-once]");
  if (form) rest(form, false);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((f) => rest(f, false));
});

document.addEventListener("htmx:afterSettle", fill);
fill();
