//! Implements [`Services`] with the bindings of `wrangler.toml` and the `fetch` of Workers.

use std::io;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use http::{Request, Response, StatusCode};
use worker::js_sys::Uint8Array;
use worker::send::SendFuture;
use worker::{Env, Fetch, Headers, Hyperdrive, RateLimiter, web_sys};

use super::socket::Socket;
use crate::mysql::Credentials;
use crate::platform::{Limiter, Services, Stream};

/// The name of the Hyperdrive binding, which leads to the database.
const HYPERDRIVE: &str = "HYPERDRIVE";

/// The bindings of the Worker, all of which are required.
pub(super) struct Bindings {
    hyperdrive: Hyperdrive,
    /// Of the Hyperdrive, which never change in its life.
    credentials: Credentials,
    limiters: Vec<(Limiter, RateLimiter)>,
}

impl Bindings {
    /// Reads the bindings from the environment, or returns the name of one that is missing.
    pub(super) fn new(env: &Env) -> Result<Self, &'static str> {
        let limiter = |limiter: Limiter| {
            let name = limiter.binding();
            let found = env.rate_limiter(name).map_err(|_| name);
            found.map(|found| (limiter, found))
        };
        let hyperdrive = env.hyperdrive(HYPERDRIVE).map_err(|_| HYPERDRIVE)?;
        Ok(Self {
            credentials: Credentials {
                user: hyperdrive.user(),
                password: hyperdrive.password(),
                database: hyperdrive.database(),
            },
            hyperdrive,
            limiters: Limiter::ALL
                .into_iter()
                .map(limiter)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Services for Bindings {
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>> {
        let socket = Socket::connect(self.hyperdrive.as_ref());
        let credentials = self.credentials.clone();
        let connected = socket.map(|socket| (Box::new(socket) as Box<dyn Stream>, credentials));
        Box::pin(ready(connected))
    }

    fn limit(&self, limiter: Limiter, key: String) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(SendFuture::new(async move {
            let found = self.limiters.iter().find(|(other, _)| *other == limiter);
            let Some((_, limiter)) = found else {
                return Err(io::ErrorKind::NotFound.into());
            };
            let outcome = limiter.limit(key).await.map_err(failed)?;
            Ok(outcome.success)
        }))
    }

    fn fetch(&self, request: Request<Bytes>) -> BoxFuture<'_, io::Result<Response<Bytes>>> {
        Box::pin(SendFuture::new(async move {
            let request = convert(&request).map_err(failed)?;
            let mut answer = Fetch::Request(request).send().await.map_err(failed)?;
            let status = StatusCode::from_u16(answer.status_code()).map_err(io::Error::other)?;
            let mut body = Bytes::new();
            if status.is_success() {
                body = answer.bytes().await.map_err(failed)?.into();
            }
            let mut response = Response::new(body);
            *response.status_mut() = status;
            Ok(response)
        }))
    }
}

/// Converts a request for `fetch`, without `worker::RequestInit`: that would add code for every
/// property of Cloudflare's `cf` object.
fn convert(request: &Request<Bytes>) -> worker::Result<worker::Request> {
    let init = web_sys::RequestInit::new();
    init.set_method(request.method().as_str());
    init.set_headers(&Headers::from(request.headers()).0);
    if !request.body().is_empty() {
        init.set_body(&Uint8Array::from(&request.body()[..]));
    }
    let url = request.uri().to_string();
    Ok(web_sys::Request::new_with_str_and_init(&url, &init)?.into())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: worker::Error) -> io::Error {
    io::Error::other(error.to_string())
}
