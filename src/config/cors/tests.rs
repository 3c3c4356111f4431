//! Tests of the origins that may call and of the headers that a preflight allows.

use super::*;

#[test]
fn an_origin_is_taken_as_a_browser_or_an_app_writes_it() {
    let good = [
        "https://app.example",
        "https://app.example:8443",
        "https://my_app.xn--bcher-kva.example",
        "https://203.0.113.7",
        "https://[2001:db8::1]:8443",
        "http://localhost",
        "http://localhost:5173",
        "http://app.localhost:5173",
        "http://127.0.0.1:5173",
        "http://[::1]:5173",
        "http://10.1.2.3:3000",
        "http://172.16.0.1:3000",
        "http://172.31.255.255",
        "http://192.168.1.20:5173",
        "http://169.254.7.7:5173",
        "http://[fd12:3456::1]:5173",
        "http://[fe80::1]:5173",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "app://obsidian.md",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://6b7c1d1e-6a5f-4b7e-9a55-0f2a3a7d8b11",
        "safari-web-extension://6b7c1d1e-6a5f-4b7e-9a55-0f2a3a7d8b11",
    ];
    let list = format!(" {} ,, ", good.join(" ,\t"));
    assert_eq!(origins(&list).unwrap(), good);
    assert_eq!(origins("").unwrap(), [""; 0]);
}

#[test]
fn an_origin_that_no_browser_sends_or_that_is_not_encrypted_is_refused() {
    for bad in [
        "*",
        "null",
        "app.example",
        "https://",
        "https://*.app.example",
        "https://app.example/",
        "https://app.example/path",
        "https://app.example?x",
        "https://user@app.example",
        "https://App.example",
        "HTTPS://app.example",
        "https://bücher.example",
        "https://app.example:443",
        "http://localhost:80",
        "https://app.example:",
        "https://app.example:0",
        "https://app.example:08443",
        "https://app.example:+8443",
        "https://app.example:65536",
        "https://a:b",
        "https://[::1",
        "https://::1",
        "https://[0:0:0:0:0:0:0:1]",
        "https://[FD00::1]",
        "https://192.168.1",
        "https://0x7f.1",
        "https://192.168.001.001",
        "http://app.example",
        "http://localhost.example",
        "http://172.32.0.1",
        "http://203.0.113.7",
        "http://[2001:db8::1]",
        "file://",
        "blob:https://app.example",
        "1app://localhost",
        "://localhost",
    ] {
        let error = origins(&format!("https://app.example,{bad}")).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("CORS_ORIGINS entry 2 "), "{bad}: {error}");
    }
}

#[test]
fn further_headers_join_those_that_are_always_allowed() {
    let allowed = |list| headers(list).unwrap();
    assert_eq!(allowed(""), "Authorization, Content-Type, X-Request-Id");
    assert_eq!(
        allowed(" sentry-trace,baggage,, x!#$%&'+.^_`|~1\t"),
        "Authorization, Content-Type, X-Request-Id, sentry-trace, baggage, x!#$%&'+.^_`|~1"
    );
}

#[test]
fn what_is_no_name_of_a_header_is_refused() {
    for bad in ["*", "a b", "a:b", "\"a\"", "a;b", "é"] {
        let error = headers(&format!("baggage,{bad}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CORS_HEADERS entry 2 is not a header name"
        );
    }
}
