//! The memory of argon2, which is kept from one hash to the next.

use std::sync::{Mutex, TryLockError};

use ::argon2::{Block, Error};

/// Memory for one hash at a time. An isolate hashes one password after the other, and would spend a
/// twentieth of that on allocating and zeroing its memory, which argon2 overwrites.
///
/// An old hash of a higher cost makes it larger for good, which an isolate would be anyway: the memory of
/// wasm never shrinks. As with memory that argon2 frees itself, the blocks of the last hash stay in it.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Block>>);

impl Memory {
    /// Runs `work` with a number of blocks, of any content.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], and the errors of `work`.
    pub(super) fn with<T>(
        &self,
        blocks: usize,
        work: impl FnOnce(&mut [Block]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut kept = match self.0.try_lock() {
            Ok(kept) => kept,
            Err(TryLockError::Poisoned(kept)) => kept.into_inner(),
            // Another thread hashes, which happens natively only.
            Err(TryLockError::WouldBlock) => return work(allocate(&mut Vec::new(), blocks)?),
        };
        work(allocate(&mut kept, blocks)?)
    }
}

/// Grows a vector to a number of blocks.
fn allocate(memory: &mut Vec<Block>, blocks: usize) -> Result<&mut [Block], Error> {
    let missing = blocks.saturating_sub(memory.len());
    memory
        .try_reserve_exact(missing)
        .map_err(|_| Error::OutOfMemory)?;
    memory.resize(memory.len() + missing, Block::new());
    memory.get_mut(..blocks).ok_or(Error::OutOfMemory)
}
