//! Requests that only the Worker can find malformed: hyper refuses them before the router.

use http::{HeaderMap, HeaderName, HeaderValue};
use testkit_openapi::Exchange;

use crate::support::contract::{self, CONTRACT};
use crate::support::{App, in_workerd, raw};

#[tokio::test]
async fn a_header_that_http_does_not_allow_is_400_at_every_route() {
    if !in_workerd() {
        return;
    }
    for operation in &CONTRACT.operations {
        let path = operation.path.replace("{id}", &"0".repeat(32));
        let head = format!("{} {path} HTTP/1.1\r\nHost: x\r\n", operation.method);
        let request =
            format!("{head}Connection: close\r\nContent-Length: 0\r\nOrigin: a\x7fb\r\n\r\n");
        let answer = raw::send(App::shared(), request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(body.contains("\"code\":\"malformed_request\""), "{answer}");
        let lines = head.lines().skip(1).map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            let name: HeaderName = name.parse().expect("a name");
            (name, HeaderValue::from_str(value).expect("a value"))
        });
        contract::hold(&Exchange {
            method: &operation.method,
            path: &path,
            sent: &HeaderMap::new(),
            sent_body: b"",
            status: 400,
            headers: &lines.collect(),
            body: body.as_bytes(),
        });
    }
}
