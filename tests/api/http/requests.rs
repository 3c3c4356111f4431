//! Methods, paths and bodies: whatever is sent gets the answer that the contract names.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::{Answer, App, PASSWORD, in_workerd, raw, unique_email};

async fn login_body(body: impl Into<Vec<u8>>) -> Answer {
    App::shared()
        .request("POST", "/auth/login")
        .body(body)
        .send()
        .await
}

#[tokio::test]
async fn a_path_says_which_methods_it_knows() {
    for (path, allowed, others) in [
        ("/", "GET, HEAD, OPTIONS", ["POST", "DELETE", "PUT"]),
        ("/ready", "GET, HEAD, OPTIONS", ["POST", "DELETE", "PUT"]),
        (
            "/me",
            "GET, HEAD, DELETE, OPTIONS",
            ["POST", "PATCH", "PUT"],
        ),
        (
            "/me/export",
            "GET, HEAD, OPTIONS",
            ["POST", "DELETE", "PUT"],
        ),
        ("/auth/password", "POST, OPTIONS", ["GET", "PATCH", "PUT"]),
        ("/auth/register", "POST, OPTIONS", ["GET", "HEAD", "PATCH"]),
        ("/auth/login", "POST, OPTIONS", ["GET", "PUT", "DELETE"]),
        ("/user/update", "PATCH, OPTIONS", ["GET", "POST", "PUT"]),
    ] {
        for method in others {
            let answer = App::shared().request(method, path).send().await.expect(405);
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
            if method != "HEAD" {
                answer.problem(405, "method_not_allowed");
            }
        }
        let options = App::shared()
            .request("OPTIONS", path)
            .send()
            .await
            .expect(204);
        assert_eq!(options.header("allow"), allowed);
    }
}

#[tokio::test]
async fn a_method_cannot_be_overridden() {
    let answer = App::shared()
        .request("POST", "/me")
        .header("x-http-method-override", "GET")
        .send()
        .await;
    answer.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let answer = App::shared().request("HEAD", "/").send().await.expect(200);
    assert_eq!(
        (answer.header("content-type").as_str(), answer.body.len()),
        ("application/json", 0)
    );
}

#[tokio::test]
async fn a_path_has_one_spelling() {
    for path in [
        "/nowhere",
        "/me/",
        "/ME",
        "/m%65",
        "//me",
        "/./../x",
        "/me;a=b",
        "/auth%2Flogin",
        "/auth",
        "/user",
        "/%00",
        "/me%20",
    ] {
        App::shared().get(path).await.problem(404, "not_found");
    }
    App::shared()
        .get("/me?x=1&x=2")
        .await
        .problem(401, "missing_token");
}

#[tokio::test]
async fn a_body_needs_its_type() {
    let request = || App::shared().request("POST", "/auth/login");
    let body = json!({ "email": unique_email(), "password": PASSWORD }).to_string();
    request()
        .bare_body(body.clone())
        .send()
        .await
        .problem(415, "unsupported_media_type");
    for bad in [
        "text/plain",
        "application/x-www-form-urlencoded, text/plain",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/vnd.api+json",
        "application/json, text/plain",
        "application/json; charset",
        "application/json; charset=\"utf-8",
        "",
    ] {
        request()
            .header("content-type", bad)
            .bare_body(body.clone())
            .send()
            .await
            .problem(415, "unsupported_media_type");
    }
    for good in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;charset=\"UTF-8\"",
        "application/json; charset=utf8",
        "application/json\t;\tCharset=UTF8 ;",
        "application/json; profile=\"a;b, c\"; charset=\"u\\tf-8\"",
    ] {
        request()
            .header("content-type", good)
            .bare_body(body.clone())
            .send()
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    for encoding in ["identity", "Identity, identity", ""] {
        let request = App::shared()
            .request("POST", "/auth/login")
            .header("content-encoding", encoding);
        request
            .body("{}")
            .send()
            .await
            .problem(422, "invalid_fields");
    }
    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        let request = App::shared()
            .request("POST", "/auth/login")
            .header("content-encoding", encoding);
        let answer = request.body("{}").send().await;
        // A runtime that takes `br` for itself may refuse the body as JSON instead.
        assert!(matches!(answer.status, 400 | 415), "{}", answer.status);
    }
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    for body in [
        "",
        " ",
        "{",
        "}",
        "nul",
        r#"{"email":"a"#,
        r#"{"email":"a",}"#,
        r#"{"email":'a'}"#,
        "{}{}",
        "\u{feff}{}",
        r#"{"a":01}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\x"}"#,
        "{\"a\":\"\u{1}\"}",
        "[1,2]",
        "\"text\"",
        "7",
        "null",
    ] {
        login_body(body).await.problem(400, "malformed_body");
    }
    for bytes in [
        &b"\xff\xfe{\0}\0"[..],
        b"{\"email\":\"\xed\xa0\x80\"}",
        b"{\"a\":\"\xc0\xaf\"}",
        &[0; 100],
    ] {
        login_body(bytes).await.problem(400, "malformed_body");
    }
}

#[tokio::test]
async fn a_member_that_comes_twice_is_malformed() {
    login_body(r#"{"email":"a","email":"b","password":"c"}"#)
        .await
        .problem(400, "malformed_body");
    login_body(r#"{"email":"a","\u0065mail":"b","password":"c"}"#)
        .await
        .problem(400, "malformed_body");
    login_body(r#"{"email":"a","password":"c","x":{"y":1,"y":2}}"#)
        .await
        .problem(400, "malformed_body");
}

#[tokio::test]
async fn deep_nesting_and_huge_numbers_are_no_trouble() {
    for depth in [40, 1000, 8000] {
        let body = format!(r#"{{"email":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        login_body(body).await.problem(400, "malformed_body");
    }
    let digits = "9".repeat(10_000);
    for number in [
        &digits,
        "1e999999999",
        "-1e-999999999",
        &format!("0.{digits}"),
        "-0",
    ] {
        let status = login_body(format!(r#"{{"email":{number},"password":"x"}}"#))
            .await
            .status;
        assert!(matches!(status, 400 | 422), "{status}");
    }
}

#[tokio::test]
async fn a_body_over_sixteen_kibibytes_is_too_large() {
    let padded = |size: usize| {
        let body = json!({ "email": "nope", "password": "x", "padding": "" }).to_string();
        body.replace(
            "\"padding\":\"\"",
            &format!("\"padding\":\"{}\"", "x".repeat(size - body.len())),
        )
    };
    login_body(padded(16 * 1024))
        .await
        .problem(401, "invalid_credentials");
    login_body(padded(16 * 1024 + 1))
        .await
        .problem(413, "body_too_large");
    login_body(vec![b'x'; 1_000_000])
        .await
        .problem(413, "body_too_large");
    let request = App::shared()
        .request("PATCH", "/user/update")
        .body(vec![b' '; 20_000]);
    request.send().await.problem(413, "body_too_large");
}

#[tokio::test]
async fn a_chunked_body_is_measured_too() {
    let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let answer = raw(format!("{head}{}0\r\n\r\n", chunk.repeat(6)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let small = raw(format!("{head}2\r\n{{}}\r\n0\r\n\r\n").as_bytes()).await;
    assert!(small.starts_with("HTTP/1.1 422 "), "{small}");
}

#[tokio::test]
async fn garbage_on_the_wire_is_never_a_server_error() {
    let head = "Host: x\r\nConnection: close\r\n";
    for request in [
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GARBAGE\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\n{head}\r\n", "a".repeat(8000)),
        format!("GET /me HTTP/1.1\r\n{head}Authorization: Bearer {}\r\n\r\n", "x".repeat(1_000_000)),
        format!("FROBNICATE / HTTP/1.1\r\n{head}\r\n"),
        format!("TRACE / HTTP/1.1\r\n{head}\r\n"),
    ] {
        let answer = raw(request.as_bytes()).await;
        let start: String = request.chars().take(60).collect();
        // 501 is HTTP's own answer to a method that a server does not know.
        let server_error = answer.starts_with("HTTP/1.1 5") && !answer.starts_with("HTTP/1.1 501");
        assert!(!server_error, "{start}: {answer}");
    }
    App::shared().get("/").await.expect(200);
}

#[tokio::test]
async fn what_a_runtime_lets_through_that_no_url_or_header_may_hold_is_refused() {
    let head = "Host: x\r\nConnection: close\r\n";
    for request in [
        format!("GET /<a> HTTP/1.1\r\n{head}\r\n"),
        format!("GET /me?x=\"a\" HTTP/1.1\r\n{head}\r\n"),
        format!("GET /`a HTTP/1.1\r\n{head}\r\n"),
        format!("GET /{} HTTP/1.1\r\n{head}\r\n", "a".repeat(66_000)),
        format!("GET / HTTP/1.1\r\n{head}X-A: a\x7fb\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{head}X-A: a\x01b\r\n\r\n"),
    ] {
        let answer = raw(request.as_bytes()).await;
        let start: String = request.chars().take(60).collect();
        // Natively hyper answers some of these by itself and takes others as they are.
        assert!(
            answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 200 "),
            "{start}: {answer}"
        );
        if answer.to_lowercase().contains("x-request-id") && !answer.starts_with("HTTP/1.1 200 ") {
            assert!(
                answer.contains("application/problem+json"),
                "{start}: {answer}"
            );
        }
    }
    if in_workerd() {
        // It refuses such URLs itself, and lets such headers through. One that the API does not read
        // does not matter to it.
        let request = format!("GET / HTTP/1.1\r\n{head}Origin: a\x7fb\r\n\r\n");
        let answer = raw(request.as_bytes()).await;
        assert!(
            answer.contains("\"code\":\"malformed_request\""),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_token_as_long_as_a_header_may_be_is_refused_like_any_other() {
    let request = format!(
        "GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        "x".repeat(60_000)
    );
    let answer = raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("\"code\":\"invalid_token\""), "{answer}");
}

#[tokio::test]
async fn a_broken_frame_never_reaches_the_api() {
    let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for request in [
        format!("{head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}   "),
        format!("{head}Content-Length: -1\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ] {
        let answer = raw(request.as_bytes()).await;
        if answer.to_lowercase().contains("x-request-id") {
            // A bad chunk is seen when the body is read.
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            continue;
        }
        // The runtime's own HTTP parser, in its own words.
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{request}: {answer}"
        );
    }
    App::shared().get("/").await.expect(200);
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_its_body_harms_nobody() {
    for _ in 0..10 {
        let mut stream = connect().await;
        let head = "POST /auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"em";
        stream
            .write_all(head.as_bytes())
            .await
            .expect("a connection");
    }
    App::shared().get("/ready").await.expect(200);
}

async fn connect() -> tokio::net::TcpStream {
    raw::connect(App::shared()).await
}

async fn raw(bytes: &[u8]) -> String {
    raw::send(App::shared(), bytes).await
}
