//! The examples that the standards themselves give. They are facts and few, so they stand here.

use argon2::{Algorithm as Variant, Argon2, AssociatedData, ParamsBuilder, Version};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use gatehouse::token::{Algorithm, Key, TokenError, verify_signature};

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("hexadecimal")
}

fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The payload of RFC 7515, appendix A.
const PAYLOAD: &str =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
/// A.1: the key, the header and the signature.
const HS256_KEY: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const HS256: (&str, &str) = (
    "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
);
/// A.2, A.3, A.5 and E, which no key of ours verifies.
const OTHERS: [(&str, &str, &str); 4] = [
    (
        "{\"alg\":\"RS256\"}",
        PAYLOAD,
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ),
    (
        "{\"alg\":\"ES256\"}",
        PAYLOAD,
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    ("{\"alg\":\"none\"}", PAYLOAD, ""),
    (
        "{\"alg\":\"none\",\r\n \"crit\":[\"http://example.com/UNDEFINED\"],\r\n \"http://example.com/UNDEFINED\":true\r\n}",
        "FAIL",
        "",
    ),
];
/// RFC 8037, appendix A: the public key, its thumbprint, and the header, payload and signature.
const ED25519_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const ED25519_THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const EDDSA: (&str, &str, &str) = (
    "{\"alg\":\"EdDSA\"}",
    "Example of Ed25519 signing",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
);

fn token(header: &str, payload: &str, signature: &str) -> String {
    let (header, payload) = (base64url(header.as_bytes()), base64url(payload.as_bytes()));
    format!("{header}.{payload}.{signature}")
}

#[test]
fn the_examples_of_rfc_7515_and_8037_are_verified_or_refused_as_they_say() {
    let secret = Base64UrlUnpadded::decode_vec(HS256_KEY).expect("base64url");
    let secret = Key::from_secret(Algorithm::Hs256, &secret).expect("a key");
    let public = Key::from_public(Algorithm::EdDsa, ED25519_KEY).expect("a key");
    let (header, signature) = HS256;
    let mac = token(header, PAYLOAD, signature);
    let (header, payload, signature) = EDDSA;
    let signed = token(header, payload, signature);
    assert_eq!(verify_signature(&mac, &secret), Ok(()));
    assert_eq!(verify_signature(&signed, &public), Ok(()));
    assert_eq!(verify_signature(&mac, &public), Err(TokenError::Header));
    assert_eq!(verify_signature(&signed, &secret), Err(TokenError::Header));
    for (header, payload, signature) in OTHERS {
        let other = token(header, payload, signature);
        for key in [&secret, &public] {
            assert!(verify_signature(&other, key).is_err(), "{header}");
        }
    }
}

#[test]
fn a_key_has_the_thumbprint_of_rfc_7638() {
    let key = Key::from_public(Algorithm::EdDsa, ED25519_KEY).expect("a key");
    assert_eq!(key.id(), ED25519_THUMBPRINT);
}

#[test]
fn macs_are_those_of_rfc_4231() {
    let counted: Vec<u8> = (1..=25).collect();
    // Section 4: key, data, and the HMAC with SHA-256, SHA-384 and SHA-512.
    let cases: [(&[u8], &[u8], [&str; 3]); 6] = [
(&[0x0b; 20], b"Hi There", ["b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6", "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"]),
(b"Jefe", b"what do ya want for nothing?", ["5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"]),
(&[0xaa; 20], &[0xdd; 50], ["773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27", "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"]),
(&counted, &[0xcd; 50], ["82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b", "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb", "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"]),
(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First", ["60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952", "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"]),
(&[0xaa; 131], b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.", ["9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e", "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"]),
    ];
    for (key, data, tags) in cases {
        let algorithms = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
        for (algorithm, tag) in algorithms.into_iter().zip(tags) {
            let key = Key::from_secret(algorithm, key).expect("a key");
            let tag = bytes(tag);
            assert_eq!(key.sign(data).as_ref(), Some(&tag));
            assert!(key.verify(data, &tag));
            // Section 4.6 cuts a tag to 128 bits; a JWS has it whole.
            assert!(!key.verify(data, &tag[..16]));
        }
    }
}

#[test]
fn signatures_are_those_of_rfc_8032() {
    // Section 7.1: private key, public key, message, R and S; and S + L, which 5.1.7 forbids.
    for [private, public, message, r, s, s_and_l] in [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            "f52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            "05d391b0a77904e98404ef037747a56e4a7c15e9716ed28dc027beceea1ec41a",
        ],
        [
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589",
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
            "f6081526c7f3c544d498bf69432bbf453dca179c138ac17ad9bef1177331a714",
        ],
    ] {
        let private = Key::from_private(Algorithm::EdDsa, &base64url(&bytes(private)));
        let private = private.expect("a private key");
        let public = Key::from_public(Algorithm::EdDsa, &base64url(&bytes(public)));
        let public = public.expect("a public key");
        let message = bytes(message);
        let signature = [bytes(r), bytes(s)].concat();
        assert_eq!(private.sign(&message).as_ref(), Some(&signature));
        assert!(public.verify(&message, &signature));
        assert!(!public.verify(b"another message", &signature));
        assert!(!public.verify(&message, &[bytes(r), bytes(s_and_l)].concat()));
    }
}

#[test]
fn argon2_is_the_one_of_rfc_9106() {
    // Section 5: the same input for each; and what version 16 makes of it, by the reference
    // implementation (CC0).
    for (variant, version, tag) in [
        (
            Variant::Argon2d,
            Version::V0x13,
            "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb",
        ),
        (
            Variant::Argon2i,
            Version::V0x13,
            "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8",
        ),
        (
            Variant::Argon2id,
            Version::V0x13,
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
        ),
        (
            Variant::Argon2d,
            Version::V0x10,
            "96a9d4e5a1734092c85e29f410a45914a5dd1f5cbf08b2670da68a0285abf32b",
        ),
        (
            Variant::Argon2i,
            Version::V0x10,
            "87aeedd6517ab830cd9765cd8231abb2e647a5dee08f7c05e02fcb763335d0fd",
        ),
        (
            Variant::Argon2id,
            Version::V0x10,
            "b64615f07789b66b645b67ee9ed3b377ae350b6bfcbb0fc95141ea8f322613c0",
        ),
    ] {
        let mut params = ParamsBuilder::new();
        params
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(AssociatedData::new(&[4; 12]).expect("associated data"));
        let params = params.build().expect("parameters");
        let argon2 = Argon2::new_with_secret(&[3; 8], variant, version, params).expect("argon2");
        let mut made = [0; 32];
        argon2
            .hash_password_into(&[1; 32], &[2; 16], &mut made)
            .expect("a tag");
        assert_eq!(made.as_slice(), bytes(tag), "{variant} {version:?}");
    }
}
