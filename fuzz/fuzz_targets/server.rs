//! Feeds arbitrary bytes to the MySQL client as the server's side of a conversation. The client
//! must not panic, hang, or allocate more than its limits.

#![no_main]

#[path = "../../tests/mysql/hear.rs"]
mod hear;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first byte decides if a valid handshake is put before the others: three times in four.
    let bytes = match bytes.split_first() {
        Some((&first, rest)) if first % 4 != 0 => [WAY_IN, rest].concat(),
        _ => bytes.to_vec(),
    };
    let _ = hear::hear(&bytes);
});

/// A greeting that offers every capability, and the OK that ends the handshake.
const WAY_IN: &[u8] = b"\x59\0\0\0\x0a5.5.5-10.11.6-MariaDB\0\x07\0\0\0abcdefgh\0\xff\xff\x08\x02\0\xff\xff\x15\
    \0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0mysql_native_password\0\x07\0\0\x02\0\0\0\x02\0\0\0";
