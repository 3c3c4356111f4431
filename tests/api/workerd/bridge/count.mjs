// The Worker, with a header in each answer that tells the calls from wasm to JavaScript until then.
// A request with `X-Longer` is forwarded with a longer body than its `Content-Length` says, as a Worker in
// front may do.

import { calls } from "./wrap.mjs";
import worker from "./index.js";

export default {
  async fetch(request, env, context) {
    for (const name of Object.keys(calls)) delete calls[name];
    const longer = Number(request.headers.get("x-longer"));
    if (longer > 0) request = new Request(request, { body: "x".repeat(longer) });
    const response = await worker.fetch(request, env, context);
    response.headers.set("x-calls", JSON.stringify(calls));
    return response;
  },
};
