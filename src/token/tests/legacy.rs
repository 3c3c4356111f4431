//! Tokens of the replaced system.

use super::*;

const LEGACY_HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn verify_legacy(header: &str, claims: &Value) -> Result<Subject, TokenError> {
    let until = ("LEGACY_TOKENS_UNTIL", "2027-01-16T00:00:00Z");
    tokens_with(&[until]).verify(&sign(header, &claims.to_string()), NOW)
}

#[test]
fn a_token_of_the_replaced_system_is_taken_until_the_time_that_is_set() {
    let claims = json!({ "sub": "Ada@example.com", "exp": NOW + 1800 });
    let token = sign(LEGACY_HEADER, &claims.to_string());
    assert_eq!(
        tokens().verify(&token, NOW),
        Err(TokenError::Header),
        "off by default"
    );
    let email = Ok(Subject::Email("Ada@example.com".into()));
    assert_eq!(verify_legacy(LEGACY_HEADER, &claims), email);
    // NOW is 2027-01-15T08:00:00Z.
    for (until, taken) in [
        ("2027-01-15T08:00:00Z", false),
        ("2027-01-15T08:00:01Z", true),
    ] {
        let tokens = tokens_with(&[("LEGACY_TOKENS_UNTIL", until)]);
        assert_eq!(tokens.verify(&token, NOW).is_ok(), taken, "{until}");
    }
}

#[test]
fn a_token_of_the_replaced_system_is_taken_in_its_own_form_only() {
    let good = json!({ "sub": "ada@example.com", "exp": NOW + 1800 });
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"JWT","cty":"x"}"#,
        r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#,
    ] {
        assert_eq!(
            verify_legacy(header, &good),
            Err(TokenError::Header),
            "{header}"
        );
    }
    let none = verify_legacy(r#"{"alg":"none","typ":"JWT"}"#, &good);
    assert_eq!(none, Err(TokenError::Signature));
    for (claims, error) in [
        (json!({ "sub": "a@b.example" }), TokenError::Claims),
        (json!({ "exp": NOW + 1800 }), TokenError::Claims),
        (json!({ "sub": 7, "exp": NOW + 1800 }), TokenError::Claims),
        (
            json!({ "sub": "a@b.example", "exp": NOW + 1800, "purpose": "reset" }),
            TokenError::Claims,
        ),
        (
            json!({ "sub": "a@b.example", "exp": NOW - 6 }),
            TokenError::Expired,
        ),
        (
            json!({ "sub": "a@b.example", "exp": NOW + 100_000 }),
            TokenError::Claims,
        ),
        (
            json!({ "sub": "a@b.example", "exp": i64::MAX }),
            TokenError::Claims,
        ),
        (
            json!({ "sub": "a@b.example", "exp": i64::MIN }),
            TokenError::Expired,
        ),
        (
            json!({ "sub": "a@b.example", "exp": 1.5e300 }),
            TokenError::Claims,
        ),
    ] {
        assert_eq!(
            verify_legacy(LEGACY_HEADER, &claims),
            Err(error),
            "{claims}"
        );
    }
    let other = tokens_with(&[
        ("SECRET_KEY", "another-secret-of-the-tests-0123456789"),
        ("LEGACY_TOKENS_UNTIL", "2027-01-16T00:00:00Z"),
    ]);
    assert_eq!(
        other.verify(&sign(LEGACY_HEADER, &good.to_string()), NOW),
        Err(TokenError::Signature)
    );
}
