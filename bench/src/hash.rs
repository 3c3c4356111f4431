//! The password hash alone, natively and in Python.

use std::process::Command;

use anyhow::{Context as _, Result};
use argon2::{Algorithm, Argon2, Params, Version};
use xtask_host::process::{command, output};

use crate::gauge;

/// The costs of argon2id: memory in KiB, passes, lanes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Costs(pub(crate) u32, pub(crate) u32, pub(crate) u32);

/// Gatehouse's default costs.
pub(crate) const OURS: Costs = Costs(19_456, 2, 1);
/// Passlib's default costs.
pub(crate) const PASSLIB: Costs = Costs(65_536, 3, 4);

/// How many hashes are timed.
const TIMES: u32 = 20;

/// Milliseconds of CPU that the `argon2` crate takes natively.
pub(crate) fn native(Costs(memory, passes, lanes): Costs) -> Result<f64> {
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(anyhow::Error::msg)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    let before = gauge::cpu(std::process::id())?;
    for _ in 0..TIMES {
        let made = argon2.hash_password_into(b"correct horse battery staple", &[7; 16], &mut hash);
        made.map_err(anyhow::Error::msg)?;
    }
    let used = gauge::cpu(std::process::id())? - before;
    Ok(f64::from(u32::try_from(used)?) / f64::from(TIMES))
}

/// Milliseconds of CPU that argon2-cffi takes, which passlib uses.
pub(crate) fn python(python: &std::path::Path, costs: Costs) -> Result<f64> {
    let Costs(memory, passes, lanes) = costs;
    let script = format!(
        "from argon2.low_level import Type, hash_secret_raw\n\
         from time import process_time\n\
         def once(): hash_secret_raw(b'correct horse battery staple', bytes(16), {passes}, {memory}, {lanes}, 32, Type.ID)\n\
         once()\n\
         started = process_time()\n\
         for _ in range({TIMES}): once()\n\
         print((process_time() - started) * 1000 / {TIMES})"
    );
    let mut run: Command = command(python);
    let printed = output(run.args(["-c", &script])).context("argon2-cffi does not run")?;
    Ok(printed.trim().parse()?)
}
