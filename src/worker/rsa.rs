//! Implements [`RsaOaep`] with `WebCrypto`.

use std::io;

use futures_util::future::BoxFuture;
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use worker::send::SendFuture;
use worker::wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

use super::runtime::WorkersRuntime;
use crate::mysql::RsaOaep;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &Object,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn encrypt(algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;
}

impl RsaOaep for WorkersRuntime {
    fn encrypt(&self, spki: Vec<u8>, message: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(SendFuture::new(async move {
            let block = rsa_oaep(&spki, &message).await;
            block.map_err(|error| io::Error::other(format!("WebCrypto: {error:?}")))
        }))
    }
}

async fn rsa_oaep(spki: &[u8], message: &[u8]) -> Result<Vec<u8>, JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"RSA-OAEP".into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-1".into())?;
    let usages = Array::of1(&"encrypt".into());
    let key = import_key("spki", &spki.into(), &algorithm, false, &usages)?;
    let key = JsFuture::from(key).await?;
    let block = JsFuture::from(encrypt(&algorithm, &key, &message.into())?).await?;
    let block: ArrayBuffer = block.dyn_into()?;
    Ok(Uint8Array::new(&block).to_vec())
}
