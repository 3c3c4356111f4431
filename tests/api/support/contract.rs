//! The contract, `openapi.yaml`, to which every answer is held.
//!
//! What was seen of it is written to the file that `TEST_OPENAPI_SEEN` names, beside what it promises:
//! `cargo xtask test` fails if a promise was never seen.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use testkit_openapi::{Contract, Exchange};

use super::in_workerd;

/// The document.
pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

static RECORD: LazyLock<Mutex<Record>> = LazyLock::new(|| Mutex::new(Record::begin()));

/// Paths that workerd serves itself.
const OF_WORKERD: &str = "/cdn-cgi/";
/// What a workerd that counts adds (`tests/api/workerd/bridge`).
const COUNTS: [&str; 2] = ["x-calls", "x-memory"];

/// What was seen, and where it is written.
struct Record {
    seen: BTreeSet<String>,
    file: Option<File>,
}

impl Record {
    fn begin() -> Self {
        let file = std::env::var_os("TEST_OPENAPI_SEEN");
        let mut file = file.map(|file| File::create(file).expect("a file"));
        if let Some(file) = &mut file {
            let promises = CONTRACT.promises().into_iter();
            // Natively hyper refuses such requests itself.
            let here = promises.filter(|one| in_workerd() || !one.ends_with(" malformed_request"));
            for promise in here {
                writeln!(file, "promised {promise}").expect("a line");
            }
        }
        Self {
            seen: BTreeSet::new(),
            file,
        }
    }

    fn note(&mut self, seen: String) {
        if self.seen.contains(&seen) {
            return;
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "seen {seen}").expect("a line");
        }
        self.seen.insert(seen);
    }
}

/// Fails if an answer is not as it is documented.
#[track_caller]
pub(crate) fn hold(exchange: &Exchange<'_>) {
    // workerd itself refuses a method that it does not know.
    let is_of_workerd = in_workerd() && exchange.status == 501;
    if is_of_workerd || exchange.path.starts_with(OF_WORKERD) {
        return;
    }
    let mut headers = exchange.headers.clone();
    for name in COUNTS {
        headers.remove(name);
    }
    let told = Exchange {
        headers: &headers,
        ..*exchange
    };
    match CONTRACT.check(&told) {
        Ok(kept) => {
            let record = RECORD.lock();
            let mut record = record.unwrap_or_else(PoisonError::into_inner);
            for seen in kept {
                record.note(seen);
            }
        }
        Err(wrong) => panic!(
            "{} {} was answered by {}, and openapi.yaml does not say so: {}\n{}",
            exchange.method,
            exchange.path,
            exchange.status,
            wrong.join("; "),
            String::from_utf8_lossy(exchange.body)
        ),
    }
}
