// Asks Alipay's own SDK: reads {config, calls} as JSON and answers with one result for each call.
import { readFileSync } from "node:fs";
import { AlipaySdk } from "alipay-sdk";

const { config, calls } = JSON.parse(readFileSync(0, "utf8"));
const sdk = new AlipaySdk({ keyType: "PKCS8", camelcase: false, ...config });

async function answer({ page, verify, method, bizContent, notifyUrl, returnUrl }) {
  if (verify) return sdk.checkNotifySignV2(verify);
  const said = { bizContent, ...(notifyUrl && { notifyUrl }), ...(returnUrl && { returnUrl }) };
  if (page) return sdk.pageExecute(page, "GET", said);
  try {
    return await sdk.exec(method, said, { validateSign: true });
  } catch (failed) {
    return { failed: failed.message };
  }
}

const done = [];
for (const one of calls) done.push(await answer(one));
process.stdout.write(JSON.stringify(done));
