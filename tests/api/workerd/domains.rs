//! International domains, which the Worker leaves to the `URL` of its platform: it takes the same
//! ones as the code that is tested natively, and makes the same of them.

use gatehouse::identity::email::Email;
use serde_json::json;

use crate::support::{App, PASSWORD, in_workerd};

/// Domains of each kind on which implementations of UTS #46 differ.
const DOMAINS: [&str; 77] = [
    // Mapped, composed, folded, and all four dots.
    "bücher.example",
    "BÜCHER.Example",
    "bu\u{308}cher.example",
    "faß.example",
    "straẞe.example",
    "FASS.example",
    "βόλος.example",
    "ΒΌΛΟΣ.example",
    "日本語.example",
    "日本語。example",
    "日本語．example｡com",
    "ａｂｃ.example",
    "½.example",
    "İstanbul.example",
    "\u{212a}elvin.example",
    "ﷺ.example",
    "한국.example",
    "\u{1112}\u{1161}\u{11ab}국.example",
    "☃.example",
    "👩.example",
    "क्\u{200d}ष.example",
    "نامه\u{200c}ای.example",
    // A-labels: right, in capitals, of nothing, of ASCII, not composed, not mapped, overflowing.
    "xn--bcher-kva.example",
    "XN--BCHER-KVA.example",
    "ｘｎ--bcher-kva.example",
    "xn--.example",
    "xn--a.example",
    "xn--abc-.example",
    "xn--bcher-kva-.example",
    "xn--bucher-xyd.example",
    "xn--Bcher-Kva.example",
    "xn--tshw462r.example",
    "xn--99999999.example",
    "xn--zzzzzzzzzzzzzzzzzzzz.example",
    "xn--xn---epa.example",
    "xn--é.example",
    "xn--0ug.example",
    "xn--4db.example",
    "xn--nxasmm1c.com",
    // Hyphens and digits.
    "-é.example",
    "é-.example",
    "é--é.example",
    "\u{ff0d}é.example",
    "é.-b.example",
    "é.b-.example",
    "é..example",
    ".é.example",
    "é.example.",
    "é.7",
    "é.0x7f",
    "é.7com",
    "１２７.0.0.1",
    "１.１",
    "é.com１",
    // What a URL takes for something else.
    "é@b.example",
    "é/b.example",
    "é?b.example",
    "é#b.example",
    "é:80",
    "é\\b.example",
    "é%41.example",
    "é\tb.example",
    "é b.example",
    "é／b.example",
    "é％４１.example",
    "é＠b.example",
    "[é].example",
    "é_b.example",
    "é＿b.example",
    "=\u{338}.example",
    // Marks in front, and right to left.
    "\u{301}a.example",
    "אב.example",
    "אב1.example",
    "1אב.example",
    "aאב.example",
    "é.אב",
    "7a.אב",
];

#[tokio::test]
async fn each_kind_of_international_domain_is_what_it_is_natively() {
    if !in_workerd() {
        return;
    }
    let app = App::with().start();
    for (number, domain) in DOMAINS.iter().enumerate() {
        let typed = format!("d{number}@{domain}");
        let answer = app.register(&typed, PASSWORD).await;
        match Email::parse(&typed) {
            Ok(email) => {
                let registered = answer.expect(201).json();
                assert_eq!(registered["email"], json!(email.as_str()), "{typed:?}");
            }
            Err(_) => assert_eq!(answer.field_errors(), ["email: invalid_email"], "{typed:?}"),
        }
    }
}

/// Parts of random domains, by script.
const PARTS: [&[&str]; 12] = [
    &["a", "b", "x", "n", "Z", "xn--"],
    &["0", "7", "-", ".", "."],
    &["ä", "ß", "É", "ς", "\u{131}", "\u{17f}"],
    &["日", "本", "中", "한"],
    &["\u{300}", "\u{308}", "\u{94d}", "\u{651}"],
    &["ب", "د", "م", "\u{6f1}", "\u{660}"],
    &["א", "ב", "\u{5b4}"],
    &["क", "र", "ष"],
    &["。", "．", "－", "１", "Ａ", "／"],
    &["☃", "≠", "·", "・", "½", "ﷺ", "\u{e33}"],
    &["\u{ad}", "\u{200b}", "\u{fe0f}", "\u{2060}"],
    &["bcher-kva", "4db", "fiqs8s", "zca", "-epa"],
];

#[tokio::test]
async fn a_random_domain_is_one_exactly_when_it_is_one_natively() {
    if !in_workerd() {
        return;
    }
    let app = App::with().start();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % u64::try_from(limit).expect("a number")).expect("a number")
    };
    let mut taken = 0;
    for _ in 0..3000 {
        let scripts = [PARTS[below(12)], PARTS[below(12)], PARTS[below(3)]];
        let parts = (0..=below(7)).map(|_| {
            let script = scripts[below(3)];
            script[below(script.len())]
        });
        let typed = format!("a@{}.example", parts.collect::<String>());
        // Too short, so nothing is hashed, and each error is told.
        let answer = app.register(&typed, "short").await;
        let is_refused = answer.field_errors().len() == 2;
        assert_eq!(is_refused, Email::parse(&typed).is_err(), "{typed:?}");
        taken += u32::from(!is_refused);
    }
    assert!((300..2700).contains(&taken), "{taken} of 3000");
}
