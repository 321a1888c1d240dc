// Tells the page under the sheet how it ended.
(() => {
  "use strict";
  const result = document.querySelector("main")?.dataset.result;
  if (!result || window.parent === window) return;
  const wait = result === "ok" ? 1200 : 0;
  setTimeout(() => window.parent.postMessage({ wechatPay: result }, "*"), wait);
})();
