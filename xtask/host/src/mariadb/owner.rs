//! The account that the private server runs as, and the permissions of its files.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::process::output;

/// Accounts without privileges, the most fitting first: packages make the first two.
const ACCOUNTS: [&str; 3] = ["mysql", "_mysql", "nobody"];

/// The account of the server.
#[derive(Debug)]
pub enum Owner {
    /// The one that runs this.
    Ourselves,
    /// Root's files belong to root: no other account can enter the folder or run the program.
    Root,
    /// Root gives its privileges up for this one.
    Other {
        /// Its number.
        uid: u32,
        /// The number of its group.
        gid: u32,
    },
}

impl Owner {
    /// The account with the least privileges that can run a program in a folder.
    #[must_use]
    pub fn choose(program: &Path, folder: &Path) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Ourselves;
        }
        let above = folder.parent().unwrap_or(folder);
        for name in ACCOUNTS {
            let id = |flag: &str| output(Command::new("id").args([flag, name]))?.parse().ok();
            let (Some(uid @ 1..), Some(gid)) = (id("-u"), id("-g")) else {
                continue;
            };
            let owner = Self::Other { uid, gid };
            let mut version = Command::new(program);
            version
                .args(["--no-defaults", "--version"])
                .current_dir(above);
            if output(owner.apply(&mut version)).is_some() {
                return owner;
            }
        }
        eprintln!(
            "  the private server runs as root: no other account can enter {}",
            above.display()
        );
        Self::Root
    }

    /// Makes a command run as this account.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Self::Other { uid, gid } = *self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Lets nobody but the server, and whoever may become its account, into the folder. What is in
    /// it stays root's where the server is another: it cannot lay a link where root will write.
    ///
    /// # Errors
    /// When it is not ours to change.
    pub fn shut(&self, folder: &Path) -> Result<()> {
        let mode = match self {
            Self::Other { gid, .. } => {
                lchown(folder, Some(0), Some(*gid))?;
                0o710
            }
            Self::Ourselves | Self::Root => 0o700,
        };
        fs::set_permissions(folder, Permissions::from_mode(mode))?;
        Ok(())
    }

    /// Gives a folder or file and all in it to the account, and to nobody else. What an earlier
    /// version has made was readable for everybody.
    ///
    /// Root walks through no folder of the account, which could put a link in the place of a file:
    /// a folder is handed over after all that is in it, and what the account has already gets its
    /// permissions from the account itself.
    ///
    /// # Errors
    /// When it is not ours to change.
    pub fn give(&self, path: &Path) -> Result<()> {
        self.hand_over(path).with_context(|| foreign(path))?;
        if matches!(self, Self::Other { .. }) {
            let mut chmod = Command::new("chmod");
            chmod.args(["-R", "u=rwX,go=", "--"]).arg(path);
            let done = self.apply(chmod.current_dir("/")).output()?;
            let said = String::from_utf8_lossy(&done.stderr);
            ensure!(done.status.success(), "{}: {}", foreign(path), said.trim());
        }
        Ok(())
    }

    fn hand_over(&self, path: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        if matches!(*self, Self::Other { uid, .. } if metadata.uid() == uid) {
            return Ok(());
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(path)? {
                self.hand_over(&entry?.path())?;
            }
        }
        if !metadata.is_symlink() {
            let mode = if metadata.is_dir() { 0o700 } else { 0o600 };
            fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        match *self {
            Self::Ourselves => Ok(()),
            Self::Root => lchown(path, Some(0), Some(0)),
            Self::Other { uid, gid } => lchown(path, Some(uid), Some(gid)),
        }
    }

    /// What a server must be told to run as root; otherwise it refuses.
    #[must_use]
    pub fn needs_user_root(&self) -> bool {
        matches!(self, Self::Root)
    }
}

fn foreign(path: &Path) -> String {
    let path = path.display();
    format!("{path} belongs to another account: remove it, or run this as that account")
}
