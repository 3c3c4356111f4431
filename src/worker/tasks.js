// Imported before the wasm, which looks once whether there is a `queueMicrotask`. Without it, the tasks of
// wasm-bindgen are scheduled as reactions of a promise, which are V8's own. workerd's function takes several
// times as long, and there is a task for each answer that is awaited.

globalThis.queueMicrotask = undefined;
