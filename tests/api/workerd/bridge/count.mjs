// The Worker, with a header in each answer that tells the calls from wasm to JavaScript until then.

import { calls } from "./wrap.mjs";
import worker from "./index.js";

export default {
  async fetch(request, env, context) {
    for (const name of Object.keys(calls)) delete calls[name];
    const response = await worker.fetch(request, env, context);
    response.headers.set("x-calls", JSON.stringify(calls));
    return response;
  },
};
