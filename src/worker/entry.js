// The entry point of the Worker.

import { fetch } from "./index.js";

Error.stackTraceLimit = 100;

// Without it, the tasks of wasm-bindgen are scheduled as reactions of a promise, which are V8's own.
// workerd's function takes several times as long, and there is a task for each answer that is awaited.
globalThis.queueMicrotask = undefined;

export default { fetch };
