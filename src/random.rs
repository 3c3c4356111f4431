//! Random numbers for what need not be secret.

/// Returns a random byte, or `None` if the system's random number generator fails.
pub(crate) fn byte() -> Option<u8> {
    let mut byte = [0];
    getrandom::fill(&mut byte).ok()?;
    Some(byte[0])
}
