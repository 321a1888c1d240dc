// Warehouse scanning: the field [data-scan-input] takes focus back, every code is sent with its own key, and what
// could not be sent waits in this browser and goes out in order when the line is back. The answer is HTML with
// data-scan-result="ok" or "bad" (and data-next="address" to go on); the page flashes and sounds.
const STORE = "scans-waiting";
const form = document.querySelector("form[data-scan]");
const input = form?.querySelector("[data-scan-input]");
const place = document.getElementById("scan-result");
const line = document.querySelector("[data-online]");
let sound = null;
let sending = false;

const load = () => JSON.parse(localStorage.getItem(STORE) || "[]");
const save = (list) => localStorage.setItem(STORE, JSON.stringify(list));

function beep(good) {
  sound ||= new AudioContext();
  const tone = sound.createOscillator();
  const gain = sound.createGain();
  tone.type = good ? "sine" : "square";
  tone.frequency.value = good ? 1320 : 220;
  gain.gain.value = 0.15;
  tone.connect(gain).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + (good ? 0.12 : 0.45));
  navigator.vibrate?.(good ? 40 : [120, 60, 120]);
}

function flash(good) {
  document.body.classList.remove("flash-ok", "flash-bad");
  void document.body.offsetWidth;
  document.body.classList.add(good ? "flash-ok" : "flash-bad");
  beep(good);
}

function state() {
  const waiting = load().length;
  const off = !navigator.onLine || waiting > 0;
  line.textContent = off ? `${line.dataset.offline}${waiting ? ` (${waiting})` : ""}` : "";
}

function show(html) {
  place.innerHTML = html;
  const answer = place.querySelector("[data-scan-result]");
  if (!answer) return;
  flash(answer.dataset.scanResult === "ok");
  if (answer.dataset.next) setTimeout(() => location.assign(answer.dataset.next), 600);
}

async function drain() {
  if (sending) return;
  sending = true;
  try {
    for (let list = load(); list.length; list = load()) {
      const { action, body } = list[0];
      const answer = await fetch(action, {
        method: "POST",
        body: new URLSearchParams(body),
        headers: { "HX-Request": "true" },
      });
      if (answer.status >= 500) break;
      save(load().slice(1));
      show(await answer.text());
    }
  } catch {
    setTimeout(drain, 4000);
  } finally {
    sending = false;
    state();
  }
}

if (form) {
  input.focus();
  document.addEventListener("click", (event) => {
    if (!event.target.closest("input, textarea, select, a, button, dialog")) input.focus();
  });
  document.addEventListener("visibilitychange", () => document.hidden || input.focus());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = input.value.trim();
    if (!code) return;
    const body = [...new FormData(form)];
    body.push(["idempotency_key", `${Date.now()}-${Math.random().toString(36).slice(2)}`]);
    save([...load(), { action: form.action, body }]);
    input.value = "";
    input.focus();
    drain();
  });
  form.querySelector("[data-scan-keyboard]")?.addEventListener("click", () => {
    input.inputMode = input.inputMode === "none" ? "text" : "none";
    input.blur();
    input.focus();
  });
  addEventListener("online", drain);
  addEventListener("offline", state);
  state();
  drain();
}
