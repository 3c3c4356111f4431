//! Refresh tokens: the version of the format, a session, its user, a counter and the session's end,
//! authenticated by a key of their own.
//!
//! The server keeps the session and its counter, and nothing of the token: whoever reads the table
//! can make no token, and a forged one is refused without a statement.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;

/// The version of the format, which is the first byte.
const VERSION: u8 = 1;
/// The bytes of the session, the user (as an integer of 9 bytes), the counter and the end.
const PARTS: [usize; 4] = [16, 9, 4, 8];
/// The bytes that are authenticated.
const CONTENT: usize = 1 + PARTS[0] + PARTS[1] + PARTS[2] + PARTS[3];
/// The bytes of the MAC, the whole HMAC-SHA-256.
const MAC: usize = 32;
/// The characters of a token in unpadded base64url.
const TEXT: usize = ((CONTENT + MAC) * 4).div_ceil(3);

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session.
    pub session: SessionId,
    /// The user of the session.
    pub user: UserId,
    /// The number of refreshes before this token was made. The token is the current one if the
    /// session's row has the same counter.
    pub counter: u32,
    /// The end of the session, however often it is refreshed, in seconds since 1970-01-01 UTC.
    pub ends: u64,
}

/// The keys of refresh tokens: the first one makes them, all verify.
#[derive(Clone)]
pub struct RefreshKeys(Vec<Hmac<Sha256>>);

impl RefreshKeys {
    /// Derives a key from each secret (HKDF, RFC 5869), the present one first.
    #[must_use]
    pub fn new<'a>(secrets: impl Iterator<Item = &'a [u8]>) -> Self {
        let derive = |secret| {
            let mut key = Zeroizing::new([0; 32]);
            let derivation = Hkdf::<Sha256>::new(None, secret);
            // 32 bytes are never too many, and HMAC takes keys of any length.
            derivation
                .expand(b"gatehouse refresh token keys", &mut *key)
                .ok()?;
            Hmac::new_from_slice(&*key).ok()
        };
        Self(secrets.filter_map(derive).collect())
    }

    /// Makes the text of a token; `None` without a key.
    #[must_use]
    pub fn seal(&self, token: &RefreshToken) -> Option<String> {
        let mut bytes = token.content()?;
        let mut mac = self.0.first()?.clone();
        mac.update(&bytes);
        bytes.extend_from_slice(&mac.finalize().into_bytes());
        Some(Base64UrlUnpadded::encode_string(&bytes))
    }

    /// Reads a token that one of the keys has made; `None` for any other text.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<RefreshToken> {
        if text.len() != TEXT {
            return None;
        }
        let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
        let (content, tag) = bytes.split_at_checked(CONTENT)?;
        self.0.iter().find(|key| {
            let mut mac = (*key).clone();
            mac.update(content);
            // In constant time.
            mac.verify_slice(tag).is_ok()
        })?;
        RefreshToken::read(content)
    }
}

impl RefreshToken {
    /// Returns the token that takes the place of this one.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self {
            counter: self.counter.saturating_add(1),
            ..*self
        }
    }

    fn content(&self) -> Option<Vec<u8>> {
        let user: i128 = self.user.to_string().parse().ok()?;
        let mut bytes = Vec::with_capacity(CONTENT + MAC);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.session.as_bytes());
        bytes.extend_from_slice(user.to_be_bytes().get(16 - PARTS[1]..)?);
        bytes.extend_from_slice(&self.counter.to_be_bytes());
        bytes.extend_from_slice(&self.ends.to_be_bytes());
        Some(bytes)
    }

    fn read(content: &[u8]) -> Option<Self> {
        let (&VERSION, rest) = content.split_first()? else {
            return None;
        };
        let (session, rest) = rest.split_first_chunk::<{ PARTS[0] }>()?;
        let (user, rest) = rest.split_first_chunk::<{ PARTS[1] }>()?;
        let (counter, ends) = rest.split_first_chunk::<{ PARTS[2] }>()?;
        let sign = if user[0] & 0x80 == 0 { 0 } else { 0xff };
        let mut wide = [sign; 16];
        wide.get_mut(16 - PARTS[1]..)?.copy_from_slice(user);
        Some(Self {
            session: (*session).into(),
            user: UserId::parse(&i128::from_be_bytes(wide).to_string())?,
            counter: u32::from_be_bytes(*counter),
            ends: u64::from_be_bytes(ends.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(secrets: &[&'static str]) -> RefreshKeys {
        RefreshKeys::new(secrets.iter().map(|secret| secret.as_bytes()))
    }

    fn token() -> impl Strategy<Value = RefreshToken> {
        let user = prop_oneof![
            any::<i64>().prop_map(UserId::from),
            any::<u64>().prop_map(UserId::from)
        ];
        let parts = (any::<[u8; 16]>(), user, any::<u32>(), any::<u64>());
        parts.prop_map(|(session, user, counter, ends)| RefreshToken {
            session: session.into(),
            user,
            counter,
            ends,
        })
    }

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_made_and_fits_a_cookie(token in token()) {
            let keys = keys(&["a"]);
            let text = keys.seal(&token).unwrap();
            prop_assert_eq!(text.len(), TEXT);
            prop_assert!(text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)));
            prop_assert_eq!(keys.open(&text), Some(token));
        }

        #[test]
        fn a_token_with_any_other_character_is_forged(
            token in token(), place in 0..TEXT, other in "[A-Za-z0-9_-]"
        ) {
            let keys = keys(&["a"]);
            let text = keys.seal(&token).unwrap();
            let mut forged = text.clone();
            forged.replace_range(place..=place, &other);
            prop_assert_eq!(keys.open(&forged).is_some(), forged == text);
        }

        #[test]
        fn no_text_is_a_token_or_makes_reading_panic(text in ".{0,200}") {
            prop_assert_eq!(keys(&["a"]).open(&text), None);
        }
    }

    #[test]
    fn a_token_of_an_earlier_secret_is_read_and_the_present_one_makes_new_ones() {
        let token = RefreshToken {
            session: [7; 16].into(),
            user: 7_i64.into(),
            counter: 3,
            ends: 9,
        };
        let (old, both, new) = (keys(&["old"]), keys(&["new", "old"]), keys(&["new"]));
        let made = old.seal(&token).unwrap();
        assert_eq!(both.open(&made), Some(token));
        assert_eq!(new.open(&made), None);
        assert_eq!(both.seal(&token), new.seal(&token));
        assert_eq!(token.successor().counter, 4);
    }

    #[test]
    fn a_token_of_another_version_is_refused() {
        let keys = keys(&["a"]);
        let mut content = vec![2; CONTENT];
        let mut mac = keys.0[0].clone();
        mac.update(&content);
        content.extend_from_slice(&mac.finalize().into_bytes());
        assert_eq!(keys.open(&Base64UrlUnpadded::encode_string(&content)), None);
    }
}
