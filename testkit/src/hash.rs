//! Hashes that other programs have written, as old tables hold them.

/// Passlib's Argon2id with its default costs, of `correct horse battery staple`.
pub const PASSLIB: &str = "$argon2id$v=19$m=65536,t=3,p=4$P8c4p3ROyRmDcM75nzNmzA$VOQW7OSCzpQKSFauY7I23Wvx2nLzXsVsHmmEstaZ5xI";

/// Passlib's `bcrypt_sha256` in its second version, of `correct horse`.
pub const BCRYPT_SHA256: &str =
    "$bcrypt-sha256$v=2,t=2b,r=12$abcdefghijklmnopqrstuu$aP56a.SWvVzRr1c7jVmZnIGQHwjrhZe";

/// The same in its first version.
pub const BCRYPT_SHA256_FIRST: &str =
    "$bcrypt-sha256$2b,12$abcdefghijklmnopqrstuu$v2fnfVQklJlvU7qhfpno9h8rEbPjT2e";
