//! The result as tables in Markdown.

use std::fmt::Write as _;

use crate::load::Endpoint;
use crate::rounds::{Memory, Row};
use crate::servers::Kind;

/// The CPU of a hash alone, in milliseconds: the `argon2` crate natively, argon2-cffi at the same
/// costs, and at passlib's.
pub(crate) struct Hashes {
    pub(crate) native: f64,
    pub(crate) python: f64,
    pub(crate) passlib: f64,
}

/// A row's own figure, or nothing.
fn cpu(rows: &[Row], endpoint: Endpoint, kind: Kind) -> Option<f64> {
    let row = rows
        .iter()
        .find(|row| row.endpoint == endpoint && row.kind == kind)?;
    Some(row.median(|sample| sample.cpu))
}

fn rate(rows: &[Row], endpoint: Endpoint, kind: Kind) -> Option<f64> {
    let row = rows
        .iter()
        .find(|row| row.endpoint == endpoint && row.kind == kind)?;
    Some(row.median(|sample| sample.rate))
}

/// One line for each endpoint and server.
pub(crate) fn requests(rows: &[Row]) -> String {
    let mut table = "| request | server | req/s | p50 ms | p99 ms | CPU ms | statements | \
         round trips | bytes | req/s: FastAPI's × | CPU: FastAPI's ÷ | CPU: empty Worker's × |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    let floor = cpu(rows, Endpoint::Root, Kind::Floor);
    let mut last = None;
    for row in rows {
        let title = if last == Some(row.endpoint) {
            ""
        } else {
            row.endpoint.title()
        };
        last = Some(row.endpoint);
        let used = row.median(|sample| sample.cpu);
        let asked = row.median(|sample| sample.rate);
        let faster = rate(rows, row.endpoint, Kind::Twin).map(|twin| asked / twin);
        let leaner = cpu(rows, row.endpoint, Kind::Twin).map(|twin| twin / used);
        let is_worker = matches!(row.kind, Kind::Worker | Kind::Floor);
        let above = floor.filter(|_| is_worker).map(|floor| used / floor);
        let _ = writeln!(
            table,
            "| {title} | {} | {asked:.0} | {} | {} | {} | {} | {} | {:.0} | {} | {} | {} |",
            row.kind.title(),
            figure(row.median(|sample| sample.p50)),
            figure(row.median(|sample| sample.p99)),
            figure(used),
            plain(row.median(|sample| sample.statements)),
            plain(row.median(|sample| sample.round_trips)),
            row.median(|sample| sample.bytes),
            ratio(faster),
            ratio(leaner),
            ratio(above),
        );
    }
    table
}

/// Memory before and after.
pub(crate) fn memory(memory: &[Memory]) -> String {
    let mut table =
        "| server | MB after the start | MB after all loads |\n|---|--:|--:|\n".to_owned();
    for Memory {
        kind,
        before,
        after,
    } in memory
    {
        let _ = writeln!(table, "| {} | {before} | {after} |", kind.title());
    }
    table
}

/// The hash alone.
pub(crate) fn hashes(rows: &[Row], hashes: &Hashes) -> String {
    let Hashes {
        native,
        python,
        passlib,
    } = hashes;
    // Both open one connection and send two statements, and one of them hashes.
    let register = cpu(rows, Endpoint::Register, Kind::Worker);
    let update = cpu(rows, Endpoint::Update, Kind::Worker);
    let worker = register.zip(update).map(|(one, other)| one - other);
    let worker = worker.unwrap_or(f64::NAN);
    format!(
        "| argon2id alone | costs | CPU ms | argon2-cffi's × |\n|---|---|--:|--:|\n\
         | argon2-cffi | 64 MiB, t=3, p=4 (passlib's default) | {} | |\n\
         | argon2-cffi | 19 MiB, t=2, p=1 (Gatehouse's default) | {} | 1.00 |\n\
         | `argon2` crate, native | 19 MiB, t=2, p=1 | {} | {:.2} |\n\
         | the same in workerd: register less update | 19 MiB, t=2, p=1 | {} | {:.2} |\n",
        figure(*passlib),
        figure(*python),
        figure(*native),
        native / python,
        figure(worker),
        worker / python,
    )
}

/// Three digits that count.
pub(crate) fn figure(number: f64) -> String {
    match number {
        _ if number >= 100.0 => format!("{number:.0}"),
        _ if number >= 10.0 => format!("{number:.1}"),
        _ if number >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// A number that is nearly whole.
fn plain(number: f64) -> String {
    if (number - number.round()).abs() < 0.05 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

fn ratio(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| format!("{number:.2}"))
}
