// Shows the page anew when the alarms have changed, but never under the hands of somebody who types.
const list = document.querySelector("[data-alarms]");
const known = list.dataset.alarms;

async function look() {
  const answer = await fetch(list.dataset.source, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { alarms } = await answer.json();
  const now = alarms.map((one) => `${one.key}${one.fresh ? "!" : ""}`).join("|");
  const busy = document.activeElement?.closest("form");
  if (now !== known && !busy) location.reload();
}

setInterval(() => look().catch(() => {}), 5000);
