//! Which runs of a checkout use its private server, so that it outlives the one that started it
//! and ends with the last, even when that is killed.
//!
//! Each user holds the writing end of a named pipe and a shared lock. The server's watcher (see
//! [`crate::process::guarded`]) reads the pipe, whose end comes when the last user is gone; the
//! lock tells a user whether it is the last.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use rustix::fs::OFlags;

use crate::process::output;

const PIPE: &str = "users.pipe";
const LOCK: &str = "users";

/// A use of the server, for as long as it lives.
pub(super) struct User {
    _pipe: File,
    _lock: File,
}

impl User {
    /// The first user of a server that is about to start, and what its watcher is to read.
    pub(super) fn first(folder: &Path) -> Result<(Self, File)> {
        let path = folder.join(PIPE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        output(Command::new("mkfifo").args(["-m", "600"]).arg(&path))
            .with_context(|| format!("cannot make a named pipe at {}", path.display()))?;
        // With both ends in one hand, neither end waits for the other to be opened.
        let both = OpenOptions::new().read(true).write(true).open(&path)?;
        let watched = File::open(&path)?;
        let user = Self::join(folder)?.context("a named pipe does not work")?;
        drop(both);
        Ok((user, watched))
    }

    /// One more user; none when there is no watcher, and so no server.
    pub(super) fn join(folder: &Path) -> Result<Option<Self>> {
        let lock = lock_file(&folder.join(LOCK))?;
        lock.lock_shared()
            .context("cannot lock the private server")?;
        let pipe = OpenOptions::new()
            .write(true)
            // Fails at once when nobody reads.
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(folder.join(PIPE));
        Ok(pipe.ok().map(|pipe| Self {
            _pipe: pipe,
            _lock: lock,
        }))
    }
}

/// Whether nobody uses the server any more.
pub(super) fn none(folder: &Path) -> bool {
    lock_file(&folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// A file that is there to be locked.
pub(super) fn lock_file(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))
}
