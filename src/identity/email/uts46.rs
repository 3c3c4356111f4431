//! `ToASCII` of UTS #46, as the parser of URLs applies it to a host: by the platform in the Worker,
//! since its tables would be a tenth of the gzipped wasm, and by the `idna` crate elsewhere.
//!
//! This is the one place outside `worker` that differs by platform. It is no trait of
//! [`crate::platform`] because it is a pure function: parsing an address, which code does everywhere,
//! would need a runtime at hand. The tests hold both to the same answers. They know different versions
//! of Unicode, so the newest characters may be a domain for one only, as may one whose mapping has
//! changed (the capital ß, to ss before Unicode 15.1), and workerd lets a joiner stand between more
//! letters than it should.

/// Maps a host to A-labels; `None` if it is not valid. It must hold no ASCII but letters, digits,
/// hyphens and dots, some of which a URL would take for something else than a part of its host.
#[cfg(target_arch = "wasm32")]
pub(super) use crate::worker::host_to_ascii as to_ascii;

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn to_ascii(host: &str) -> Option<String> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
    Uts46::new()
        .to_ascii(
            host.as_bytes(),
            AsciiDenyList::URL,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .ok()
        .map(std::borrow::Cow::into_owned)
}
