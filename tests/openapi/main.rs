//! `openapi.yaml` beside the code and the pages: its routes, codes, rules and settings. (The answers
//! themselves are compared with it by the tests of the API, as they get them.)

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod codes;
mod drift;
mod examples;
mod pages;
mod routes;
mod rules;
