// A Worker with a route more, `/bench/memory`, which collects garbage and tells how large the memory
// of wasm and its table of references to JavaScript are. Needs V8's `--expose-gc`.

import { instances } from "./instance.mjs";
import worker from "./index.js";

export default {
  fetch(request, env, context) {
    if (!request.url.endsWith("/bench/memory")) return worker.fetch(request, env, context);
    gc();
    const exports = instances.at(-1)?.exports;
    return Response.json({
      wasm: exports?.memory.buffer.byteLength ?? 0,
      references: exports?.__wbindgen_externrefs.length ?? 0,
    });
  },
};
