//! Maps international hosts with the `URL` of Workers.

use worker::wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = URL)]
    type Url;

    #[wasm_bindgen(catch, constructor, js_class = "URL")]
    fn new(url: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
}

/// `ToASCII` of UTS #46: see `identity::email`, which alone uses it.
pub(crate) fn host_to_ascii(host: &str) -> Option<String> {
    let url = Url::new(&format!("http://{host}")).ok()?;
    Some(url.hostname())
}
