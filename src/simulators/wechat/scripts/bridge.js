// What WeChat's browser gives every page: the way to its payment sheet.
(() => {
  "use strict";
  if (window.WeixinJSBridge) return;
  const home = new URL(document.currentScript.src).origin;

  function pay(params, done) {
    const sheet = document.createElement("iframe");
    sheet.title = "微信支付";
    sheet.src = `${home}/bridge?${new URLSearchParams(params)}`;
    Object.assign(sheet.style, {
      position: "fixed", inset: "0", width: "100%", height: "100%", border: "0", zIndex: "2147483647",
    });
    function hear(event) {
      if (event.source !== sheet.contentWindow || event.origin !== home) return;
      if (!["ok", "cancel", "fail"].includes(event.data?.wechatPay)) return;
      window.removeEventListener("message", hear);
      sheet.remove();
      done({ err_msg: `get_brand_wcpay_request:${event.data.wechatPay}` });
    }
    window.addEventListener("message", hear);
    document.body.append(sheet);
  }

  window.WeixinJSBridge = {
    invoke(name, params, done = () => {}) {
      if (name === "getBrandWCPayRequest") pay(params, done);
      else done({ err_msg: `${name}:function_not_exist` });
    },
    call() {},
    on() {},
  };
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
