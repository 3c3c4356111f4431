//! Reads the variables and secrets of a Worker, which share one namespace with its bindings.

use worker::Env;
use worker::js_sys::{Array, Object, Reflect};
use worker::wasm_bindgen::JsCast as _;

use crate::config::Setting;

/// The names of all variables, secrets and bindings.
pub(super) fn names(env: &Env) -> Vec<String> {
    Object::keys(env.unchecked_ref::<Object>())
        .iter()
        .filter_map(|name| name.as_string())
        .collect()
}

/// The value under a name in the environment. A secret is a string; `[vars]` may hold any JSON.
pub(super) fn setting(env: &Env, name: &str) -> Setting {
    let Ok(value) = Reflect::get(env, &name.into()) else {
        return Setting::Other("a value that cannot be read");
    };
    if value.is_undefined() {
        Setting::Absent
    } else if let Some(text) = value.as_string() {
        Setting::Text(text)
    } else if let Some(flag) = value.as_bool() {
        Setting::Boolean(flag)
    } else if let Some(number) = value.as_f64() {
        Setting::Number(number)
    } else if value.is_null() {
        Setting::Other("null")
    } else if Array::is_array(&value) {
        Setting::Other("an array")
    } else {
        Setting::Other("an object")
    }
}
