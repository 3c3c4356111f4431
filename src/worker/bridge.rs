//! The functions of `bridge.js`.

use worker::js_sys::{Array, Function, Promise, Uint8Array};
use worker::wasm_bindgen::prelude::*;
use worker::{wasm_bindgen, web_sys};

#[wasm_bindgen(module = "/src/worker/bridge.js")]
extern "C" {
    /// The method and the URL, then a line `name:value` for each of the named headers it has.
    #[wasm_bindgen(js_name = readHead, catch)]
    pub(super) fn read_head(request: &web_sys::Request, names: &Array) -> Result<String, JsValue>;

    /// A promise of the body, a `Uint8Array` of at most one byte more than `most`.
    #[wasm_bindgen(js_name = readBody)]
    pub(super) fn read_body(request: &web_sys::Request, most: u32) -> Promise;

    /// A response with these headers and a request id. A text costs less than bytes, which would be
    /// copied into an array first.
    #[wasm_bindgen(js_name = makeResponse, catch)]
    pub(super) fn make_response(
        status: u16,
        headers: &web_sys::Headers,
        request_id: &str,
        body: &str,
    ) -> Result<web_sys::Response, JsValue>;

    /// The time in seconds since 1970, which fits until 2106.
    pub(super) fn now() -> u32;

    /// A timer of `setTimeout`, which calls `wake` when it has ended.
    pub(super) type Timer;

    #[wasm_bindgen(constructor)]
    pub(super) fn new(milliseconds: f64, wake: &Function) -> Timer;

    /// Ends the timer without calling `wake`.
    #[wasm_bindgen(method)]
    pub(super) fn cancel(this: &Timer);

    /// A TCP connection with one reader and one writer for its life.
    pub(super) type Connection;

    #[wasm_bindgen(constructor, catch)]
    pub(super) fn new(hyperdrive: &JsValue, wake: &Function) -> Result<Connection, JsValue>;

    /// Copies what was received into a buffer and returns the number of bytes, which is 0 at the
    /// end; or returns -1 if nothing was received yet, and then calls `wake` when it is worth
    /// another try.
    #[wasm_bindgen(method, catch)]
    pub(super) fn read(this: &Connection, buffer: &mut [u8]) -> Result<i32, JsValue>;

    /// Writes without waiting. If that fails, so does the next read.
    #[wasm_bindgen(method)]
    pub(super) fn write(this: &Connection, bytes: &[u8]);

    /// Ends the connection without waiting for what was written.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Connection);

    /// Calls `wake` no more.
    #[wasm_bindgen(method)]
    pub(super) fn forget(this: &Connection);
}

#[wasm_bindgen]
extern "C" {
    /// What a stream's reader returns (Streams Standard, `ReadableStreamReadResult`).
    pub(super) type Chunk;

    /// The bytes, or `undefined` at the end of the stream.
    #[wasm_bindgen(method, getter)]
    pub(super) fn value(this: &Chunk) -> Option<Uint8Array>;

    /// Writes a line to the log.
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub(super) fn console_log(line: &str);

    /// Writes a line to the log, as an error.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn console_error(line: &str);
}
