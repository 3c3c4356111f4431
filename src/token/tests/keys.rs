//! The keys that a token is verified with.

use sha2::Sha256;

use super::*;

#[test]
fn keys_can_be_changed_without_anybody_having_to_log_in_again() {
    let (old, new) = (
        "the-old-secret-of-the-tests-0123456789",
        "the-new-secret-of-the-tests-9876543210",
    );
    let tokens = |signing: &str, other: Option<&str>| {
        let others = other.map_or(String::new(), |secret| format!("HS256:{secret}"));
        tokens_with(&[("SECRET_KEY", signing), ("VERIFICATION_KEYS", &others)])
    };
    let steps = [
        tokens(old, None),
        tokens(old, Some(new)),
        tokens(new, Some(old)),
        tokens(new, None),
    ];
    let issue = |tokens: &Tokens| {
        tokens
            .issue(7_i64.into(), SESSION.into(), NOW)
            .unwrap()
            .token
    };
    let [first, .., last] = &steps;
    for pair in steps.windows(2) {
        // During a deployment the old and the new configuration both run.
        for (issuer, verifier) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            assert_eq!(
                verifier.verify(&issue(issuer), NOW),
                Ok(Subject::Id(7_i64.into(), Some(SESSION.into())))
            );
        }
    }
    assert_eq!(last.verify(&issue(first), NOW), Err(TokenError::UnknownKey));
}

#[test]
fn every_algorithm_signs_and_none_takes_the_tokens_of_another() {
    let long = "0123456789abcdef".repeat(4);
    let private = (
        "ED25519_PRIVATE_KEY",
        "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY",
    );
    let secret = ("SECRET_KEY", long.as_str());
    let all: Vec<_> = Algorithm::ALL
        .into_iter()
        .map(|algorithm| {
            let name = ("ALGORITHM", algorithm.name());
            match algorithm.min_secret() {
                Some(_) => tokens_with(&[secret, name]),
                None => tokens_with(&[secret, name, private]),
            }
        })
        .collect();
    for (place, tokens) in all.iter().enumerate() {
        let token = tokens
            .issue(7_i64.into(), SESSION.into(), NOW)
            .unwrap()
            .token;
        for (other_place, other) in all.iter().enumerate() {
            assert_eq!(other.verify(&token, NOW).is_ok(), place == other_place);
        }
    }
}

#[test]
fn the_key_of_another_purpose_signs_no_token() {
    use hmac::{Hmac, Mac as _};

    // Computes the keys that `Pseudonyms` derives.
    let derive = |purpose: &[u8]| {
        let mut derived = [0; 32];
        let derivation = hkdf::Hkdf::<Sha256>::new(None, SECRET.as_bytes());
        derivation.expand(purpose, &mut derived).unwrap();
        derived
    };
    let mac = |key: &[u8], parts: &[&[u8]]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes()
    };
    let (accounts, networks) = (
        derive(b"gatehouse account keys"),
        derive(b"gatehouse network keys"),
    );
    let keys = crate::identity::pseudonym::Pseudonyms::new(SECRET).unwrap();
    let account = keys.account("ada@example.com");
    let network = keys.network(&account, "192.0.2.7");
    let seen = [account.as_bytes(), b"192.0.2.7"];
    assert!(mac(&accounts, &[b"ada@example.com"]).starts_with(account.as_bytes()));
    assert!(mac(&networks, &seen).starts_with(network.as_bytes()));
    for other in [&accounts, SECRET.as_bytes()] {
        assert!(!mac(other, &seen).starts_with(network.as_bytes()));
    }
    assert!(!mac(SECRET.as_bytes(), &[b"ada@example.com"]).starts_with(account.as_bytes()));

    for derived in [accounts, networks] {
        let key = Key::from_secret(Algorithm::Hs256, &derived).unwrap();
        for (kid, error) in [
            (tokens().0.keyring.signing().id(), TokenError::Signature),
            (key.id(), TokenError::UnknownKey),
        ] {
            let token = sign_with(&key, &header(&json!({ "kid": kid })), &claims(&json!({})));
            assert_eq!(verify_signature(&token, &key), Ok(()));
            assert_eq!(tokens().verify(&token, NOW), Err(error));
        }
    }
}

#[test]
fn no_form_of_a_public_key_is_a_secret_to_sign_with() {
    let x = "W6xSZcxVWuKNgycNpg8WtL1DwZzWPdWEu8VjR78qXCE";
    let private = (
        "ED25519_PRIVATE_KEY",
        "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY",
    );
    let tokens = tokens_with(&[("ALGORITHM", "EdDSA"), private]);
    let jwk = serde_json::to_string(&tokens.public_keys()[0]).unwrap();
    let raw = Base64UrlUnpadded::decode_vec(x).unwrap();
    let der = [
        &[
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ],
        &raw[..],
    ]
    .concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        base64ct::Base64::encode_string(&der)
    );
    for secret in [x.as_bytes(), jwk.as_bytes(), &raw, &der, pem.as_bytes()] {
        for alg in ["HS256", "EdDSA"] {
            let header =
                json!({ "alg": alg, "typ": "at+jwt", "kid": tokens.0.keyring.signing().id() });
            let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
            let message = format!(
                "{}.{}",
                encode(&header.to_string()),
                encode(&claims(&json!({})))
            );
            let tag = Key::from_secret(Algorithm::Hs256, secret)
                .unwrap()
                .sign(message.as_bytes());
            let token = format!(
                "{message}.{}",
                Base64UrlUnpadded::encode_string(&tag.unwrap())
            );
            assert!(tokens.verify(&token, NOW).is_err());
        }
    }
}
