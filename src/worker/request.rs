//! Conversion of requests: the head as far as it is read, and the body as it is asked for.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body::{Frame, SizeHint};
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Array, Uint8Array};
use worker::send::SendWrapper;
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::web_sys::{self, ReadableStreamDefaultReader};

use super::bridge::{self, Chunk};
use crate::header::content_length;
use crate::http::headers::REQUEST_HEADERS;
use crate::http::input::MAX_BODY;
use crate::http::respond::MalformedHead;

thread_local! {
    /// The names of [`REQUEST_HEADERS`], which cross the bridge once in the life of an isolate.
    static NAMES: Array = REQUEST_HEADERS
        .iter()
        .map(|name| JsValue::from_str(name.as_str()))
        .collect();
}

/// Converts a request for the router, with the headers of [`REQUEST_HEADERS`] only.
///
/// Workers accept URLs and headers that the `http` crate refuses. Such a request is marked with
/// [`MalformedHead`], so that it gets a response like any other.
pub(super) fn convert(request: &web_sys::Request) -> Request<Body> {
    let head = NAMES.with(|names| bridge::read_head(request, names));
    let parsed = head.ok().and_then(|head| parse(&head));
    let mut converted = parsed.unwrap_or_else(|| {
        let mut unreadable = Request::default();
        unreadable.extensions_mut().insert(MalformedHead);
        unreadable
    });
    if request.body().is_some() {
        *converted.body_mut() = Body::new(RequestBody::of(request, converted.headers()));
    }
    converted
}

/// Parses what [`bridge::read_head`] returns.
fn parse(head: &str) -> Option<Request<Body>> {
    let mut lines = head.split('\n');
    let (method, url) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .body(Body::empty())
        .ok()?;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = REQUEST_HEADERS.iter().find(|known| *known == name)?;
        match HeaderValue::from_str(value) {
            Ok(value) => {
                request.headers_mut().insert(name, value);
            }
            // It may be another application's on the same host.
            Err(_) if name == header::COOKIE => {}
            Err(_) => return None,
        }
    }
    Some(request)
}

/// The body of a request, which is read when it is polled: a small one in one piece, which is one
/// promise and one copy, another one as a stream.
struct RequestBody(SendWrapper<Source>);

enum Source {
    /// A body of at most [`MAX_BODY`] bytes, as its `Content-Length` says.
    Whole(web_sys::Request, u64),
    Stream(ReadableStreamDefaultReader),
    Reading(JsFuture, Option<ReadableStreamDefaultReader>),
    End,
}

impl RequestBody {
    fn of(request: &web_sys::Request, headers: &HeaderMap) -> Self {
        let whole = content_length(headers).filter(|length| *length <= MAX_BODY as u64);
        let source = match (whole, request.body()) {
            // Clones the reference; JavaScript's `clone` would copy the request.
            (Some(length), Some(_)) => Source::Whole(Clone::clone(request), length),
            (None, Some(stream)) => Source::Stream(stream.get_reader().unchecked_into()),
            (_, None) => Source::End,
        };
        Self(SendWrapper::new(source))
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = worker::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, worker::Error>>> {
        let most = u32::try_from(MAX_BODY).unwrap_or(u32::MAX);
        let source = &mut *self.0;
        let (mut promise, reader) = match std::mem::replace(source, Source::End) {
            Source::Whole(request, _) => (JsFuture::from(bridge::read_body(&request, most)), None),
            Source::Stream(reader) => (JsFuture::from(reader.read()), Some(reader)),
            Source::Reading(promise, reader) => (promise, reader),
            Source::End => return Poll::Ready(None),
        };
        let Poll::Ready(read) = promise.poll_unpin(context) else {
            *source = Source::Reading(promise, reader);
            return Poll::Pending;
        };
        let read = match read {
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(error.into()))),
        };
        let bytes = match reader {
            None => Some(read.unchecked_into::<Uint8Array>()),
            Some(reader) => {
                let bytes = read.unchecked_into::<Chunk>().value();
                if bytes.is_some() {
                    *source = Source::Stream(reader);
                }
                bytes
            }
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes.to_vec().into()))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(*self.0, Source::End)
    }

    fn size_hint(&self) -> SizeHint {
        match *self.0 {
            Source::Whole(_, length) => SizeHint::with_exact(length),
            Source::End => SizeHint::with_exact(0),
            Source::Stream(_) | Source::Reading(..) => SizeHint::default(),
        }
    }
}
