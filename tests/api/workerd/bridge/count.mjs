// The Worker, with headers in each answer that tell the calls from wasm to JavaScript until then, and how
// large the memory of wasm is.
// A request with `X-Longer` is forwarded with a longer body than its `Content-Length` says, as a Worker in
// front may do.

import { calls, instance } from "./wrap.mjs";
import worker from "./index.js";

export default {
  async fetch(request, env, context) {
    for (const name of Object.keys(calls)) delete calls[name];
    const longer = Number(request.headers.get("x-longer"));
    if (longer > 0) request = new Request(request, { body: "x".repeat(longer) });
    const response = await worker.fetch(request, env, context);
    response.headers.set("x-calls", JSON.stringify(calls));
    response.headers.set("x-memory", instance.exports.memory.buffer.byteLength);
    return response;
  },
};
