// Paying inside WeChat. What the bridge says only decides which sentence is shown: whether money
// came is asked of our own server by the result page.
const box = document.querySelector("[data-bridge]");
const pay = box.querySelector("[data-bridge-pay]");
const asked = JSON.parse(document.getElementById("invoke").textContent);
const PATIENCE = 4000;

function say(what) {
  for (const one of box.querySelectorAll("[data-bridge-says]")) one.hidden = one.dataset.bridgeSays !== what;
  pay.hidden = what === "wait" || what === "none";
}

function invoke() {
  say("wait");
  window.WeixinJSBridge.invoke("getBrandWCPayRequest", asked, (said) => {
    if (said.err_msg === "get_brand_wcpay_request:ok") location.assign(box.dataset.done);
    else say(said.err_msg === "get_brand_wcpay_request:cancel" ? "cancel" : "fail");
  });
}

pay.addEventListener("click", invoke);
if (window.WeixinJSBridge) {
  invoke();
} else {
  const late = setTimeout(() => say("none"), PATIENCE);
  document.addEventListener(
    "WeixinJSBridgeReady",
    () => {
      clearTimeout(late);
      invoke();
    },
    { once: true },
  );
}
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
