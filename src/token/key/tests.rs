//! Keys, their ids and their signatures, compared with the examples of the RFCs.

use super::*;

/// RFC 8037, appendix A.
const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

#[test]
fn an_ed25519_key_is_the_one_of_rfc_8037_and_so_is_its_thumbprint() {
    let key = Key::from_private(Algorithm::EdDsa, D).unwrap();
    assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = key.sign(message).unwrap();
    assert_eq!(
        Base64UrlUnpadded::encode_string(&signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    let public = Key::from_public(Algorithm::EdDsa, X).unwrap();
    assert!(public.verify(message, &signature));
    assert!(public.sign(message).is_none());
    assert_eq!(public.id(), key.id());
    let jwk = serde_json::to_value(public.jwk()).unwrap();
    assert_eq!(
        jwk,
        serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": key.id(), "alg": "EdDSA", "use": "sig" })
    );
}

#[test]
fn a_key_of_one_kind_is_none_of_another() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        assert!(Key::from_private(algorithm, D).is_none());
        assert!(Key::from_public(algorithm, X).is_none());
        let key = Key::from_secret(algorithm, &[7; 64]).unwrap();
        assert!(key.jwk().is_none());
    }
    assert!(Key::from_secret(Algorithm::EdDsa, &[7; 64]).is_none());
}

#[test]
fn one_secret_has_another_name_and_other_signatures_under_each_algorithm() {
    let keys = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]
        .map(|algorithm| Key::from_secret(algorithm, &[7; 64]).unwrap());
    for (place, key) in keys.iter().enumerate() {
        for (other_place, other) in keys.iter().enumerate() {
            let signature = other.sign(b"x").unwrap();
            assert_eq!(key.verify(b"x", &signature), place == other_place);
            assert_eq!(key.id() == other.id(), place == other_place);
            assert!(key.is_same(other));
        }
    }
}

#[test]
fn a_public_key_that_anybody_can_sign_for_is_refused() {
    let weak = [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }];
    for point in weak {
        let x = Base64UrlUnpadded::encode_string(&point);
        assert!(Key::from_public(Algorithm::EdDsa, &x).is_none());
    }
    for x in ["", "AA", &X[1..], &format!("{X}=")] {
        assert!(Key::from_public(Algorithm::EdDsa, x).is_none(), "{x}");
    }
}

#[test]
fn a_signature_of_another_length_is_none_and_no_panic() {
    let key = Key::from_private(Algorithm::Ed25519, D).unwrap();
    let secret = Key::from_secret(Algorithm::Hs384, &[7; 48]).unwrap();
    for length in 0..130 {
        assert!(!key.verify(b"x", &vec![0; length]));
        assert!(!secret.verify(b"x", &vec![0; length]));
    }
}
