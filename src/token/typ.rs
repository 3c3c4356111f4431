//! The `typ` header parameter, which distinguishes access tokens from other tokens that the same
//! key signs (RFC 8725, 3.11).

/// The type that an access token declares in its `typ` header parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `at+jwt`: an access token (RFC 9068, 2.1).
    AccessToken,
    /// `JWT`: any JSON Web Token (RFC 7519, 5.1). Some libraries accept no other type.
    Jwt,
}

impl Type {
    /// The type with this name, in the exact spelling of its RFC.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let mut types = [Self::AccessToken, Self::Jwt].into_iter();
        types.find(|typ| typ.name() == name)
    }

    /// The type's name, as written into the header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::Jwt => "JWT",
        }
    }

    /// Returns true if a header's `typ` is this type: a media type, compared without regard to case
    /// and with or without `application/` (RFC 7515, 4.1.9).
    #[must_use]
    pub fn is(self, typ: &str) -> bool {
        const PREFIX: &str = "application/";
        let start = typ.get(..PREFIX.len());
        let prefixed = start.is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let name = if prefixed {
            typ.get(PREFIX.len()..)
        } else {
            Some(typ)
        };
        name.is_some_and(|name| name.eq_ignore_ascii_case(self.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::Type;
    use crate::config::Config;
    use crate::identity::user_id::UserId;
    use crate::token::{Subject, TokenError, Tokens};

    fn tokens(types: &str) -> Tokens {
        let config = Config::read(|name| match name {
            "SECRET_KEY" => Some("a secret of the tests, 0123456789abcdef".to_owned()),
            "TOKEN_TYPE" => Some(types.to_owned()),
            _ => None,
        });
        Tokens::new(config.unwrap().token)
    }

    #[test]
    fn a_type_is_a_media_type_in_any_case_with_or_without_application() {
        for typ in [
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "Application/AT+jwt",
        ] {
            assert!(Type::AccessToken.is(typ) && !Type::Jwt.is(typ), "{typ}");
        }
        for typ in ["JWT", "jwt", "application/jwt"] {
            assert!(Type::Jwt.is(typ) && !Type::AccessToken.is(typ), "{typ}");
        }
        let long = "application/application/jwt";
        for typ in [
            "",
            "application/",
            "application",
            "a",
            long,
            "x/jwt",
            "jwt ",
            "at+jwté",
            "rt+jwt",
        ] {
            assert!(!Type::AccessToken.is(typ) && !Type::Jwt.is(typ), "{typ}");
        }
    }

    #[test]
    fn a_token_is_taken_if_its_type_is_one_of_those_that_are_set() {
        for (issuer, verifier, taken) in [
            ("at+jwt", "at+jwt", true),
            ("JWT", "JWT", true),
            ("JWT", "at+jwt", false),
            ("at+jwt", "JWT", false),
            // Consecutive steps of a change of type: during a deployment both of them run.
            ("at+jwt", "at+jwt,JWT", true),
            ("at+jwt,JWT", "at+jwt", true),
            ("at+jwt,JWT", "JWT,at+jwt", true),
            ("JWT,at+jwt", "at+jwt,JWT", true),
            ("JWT,at+jwt", "JWT", true),
            ("JWT", "JWT,at+jwt", true),
        ] {
            let now = 1_800_000_000;
            let user = UserId::from(7_i64);
            let token = tokens(issuer)
                .issue(user, [7; 16].into(), now)
                .unwrap()
                .token;
            let expected = if taken {
                Ok(Subject::Id(user, Some([7; 16].into())))
            } else {
                Err(TokenError::Header)
            };
            assert_eq!(
                tokens(verifier).verify(&token, now),
                expected,
                "{issuer} {verifier}"
            );
        }
    }
}
