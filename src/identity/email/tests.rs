use super::*;
use proptest::prelude::*;

#[test]
fn an_address_is_trimmed_and_lower_cased() {
    let email = Email::parse(" \tAda.L+tag@Example.COM\n").unwrap();
    assert_eq!(email.as_str(), "ada.l+tag@example.com");
}

#[test]
fn an_international_domain_becomes_its_a_label() {
    for typed in [
        "a@bücher.example",
        "a@BÜCHER.example",
        "a@xn--bcher-kva.example",
        "a@bu\u{308}cher.example",
    ] {
        assert_eq!(
            Email::parse(typed).unwrap().as_str(),
            "a@xn--bcher-kva.example",
            "{typed}"
        );
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_label = format!("a@{}.com", "b".repeat(64));
    let long = format!("a@{}com", "b.".repeat(130));
    for typed in [
        "",
        "a",
        "@",
        "a@",
        "@b.example",
        "a@b",
        "a@@b.example",
        "a@b@c.example",
        ".a@b.example",
        "a.@b.example",
        "a..b@c.example",
        "\"a b\"@c.example",
        "a(c)@b.example",
        "a b@c.example",
        "A <a@b.example>",
        "a@b..example",
        "a@-b.example",
        "a@b-.example",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@１２７.0.0.1",
        "a@b_c.example",
        "a@b.example.",
        "a\0@b.example",
        "a\r\nb@c.example",
        "jose\u{301}@b.example",
        "\u{212a}@b.example",
        "a\u{200b}@b.example",
        "\u{a0}a@b.example",
        "\u{feff}a@b.example",
        "a@b.example\u{a0}",
        "a@xn--a.example",
        "a@xn--.example",
        "a@xn--abc-.example",
        "a@xn--bucher-xyd.example",
        "a@xn--xn---epa.example",
        "a@xn--\u{e9}.example",
        "a@-\u{e9}.example",
        "a@\u{e9}-.example",
        "a@\u{e9}..example",
        "a@\u{e9}.0x7f",
        "a@\u{e9}/b.example",
        "a@\u{e9}\u{ff0f}b.example",
        "a@\u{e9}%41.example",
        "a@=\u{338}.example",
        "a@\u{301}a.example",
        "a@1\u{5d0}.example",
        "a@a\u{5d0}.example",
        "a@7a.\u{5d0}",
        "a@\u{e9}.\u{5d0}",
        "a@b.example\u{200b}",
        "a@b.exam\u{2060}ple",
        "a@b\u{ad}.example",
        "a@1.2.3.0x4",
        "a@b.7com",
        &long_local,
        &long_label,
        &long,
    ] {
        assert!(Email::parse(typed).is_err(), "{typed:?}");
    }
}

#[test]
fn no_character_is_left_out_of_a_domain_without_a_word() {
    // Leaves out the large blocks of ideographs, syllables and private use, to save time, and the
    // two joiners.
    let (first, second) = ('\u{80}'..'\u{3400}', '\u{f900}'..'\u{20000}');
    let all = first.chain(second).chain('\u{e0000}'..'\u{f0000}');
    for c in all.filter(|c| !"\u{200c}\u{200d}".contains(*c)) {
        let email = Email::parse(&format!("a@ex{c}ample.com"));
        let left_out = email.is_ok_and(|email| email.as_str() == "a@example.com");
        assert!(!left_out, "U+{:04X}", u32::from(c));
    }
}

#[test]
fn the_longest_local_part_and_odd_but_legal_ones_are_accepted() {
    for typed in [
        &format!("{}@example.com", "a".repeat(64)),
        "!#$%&'*+-/=?^_`{|}~@b.example",
        "a@1.example",
        "a@b--c.example",
        "a@\u{e9}--b.example",
        "a@abc.\u{5d0}\u{5d1}1.example",
        "a@\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}.example",
    ] {
        assert!(Email::parse(typed).is_ok(), "{typed}");
    }
}

#[test]
fn an_address_has_at_most_254_bytes_as_typed_and_in_a_labels() {
    let domain = |length: usize| {
        let labels = ["b".repeat(63), "b".repeat(63), "b".repeat(length - 132)];
        format!("{}.com", labels.join("."))
    };
    let local = "a".repeat(64);
    assert!(Email::parse(&format!("{local}@{}", domain(189))).is_ok());
    assert!(Email::parse(&format!("{local}@{}", domain(190))).is_err());
    // The A-label of `bücher` is longer than the label as typed.
    let typed = format!("{local}@bücher.{}", domain(175));
    assert!(typed.len() < 254);
    assert!(Email::parse(&typed).is_ok());
    let typed = format!("{local}@bücher.{}", domain(176));
    assert!(typed.len() < 254);
    assert!(Email::parse(&typed).is_err());
}

#[test]
fn the_row_that_is_nearest_to_what_was_typed_comes_first() {
    let lookup = Lookup::new(" Ada@B\u{fc}cher.example");
    assert_eq!(lookup.canonical(), "ada@xn--bcher-kva.example");
    for (distance, stored) in [
        " Ada@B\u{fc}cher.example",
        "Ada@B\u{fc}cher.example",
        "ada@xn--bcher-kva.example",
        "Ada@xn--bcher-kva.example",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(usize::from(lookup.distance(stored)), distance, "{stored}");
    }
}

#[test]
fn a_lookup_knows_its_rows_and_no_others() {
    let lookup = Lookup::new("Jose@Example.com");
    for stored in [
        "jose@example.com",
        "JOSE@EXAMPLE.COM",
        "Jose@Example.com",
        "jose@example.com ",
        "\t\r\n\u{c}jose@example.com",
    ] {
        assert!(lookup.is(stored), "{stored:?}");
    }
    for stored in [
        "josé@example.com",
        "jose @example.com",
        "jose@example.com\u{a0}",
        "\u{b}jose@example.com",
        "jose@example.co",
        "",
    ] {
        assert!(!lookup.is(stored), "{stored:?}");
    }
}

#[test]
fn a_lookup_takes_what_the_replaced_system_took() {
    assert!(Lookup::new("Nope").is("nope"));
    assert!(Lookup::new("josé@example.com").is("josé@example.com"));
    assert!(!Lookup::new("josé@example.com").is("JOSÉ@example.com"));
    for (typed, stored) in [
        ("a@xn--bcher-kva.example", "a@Bücher.example"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
        ("josé@bücher.example", "josé@XN--bcher-kva.example"),
    ] {
        assert!(Lookup::new(typed).is(stored), "{typed}");
    }
}

#[test]
fn a_lookup_has_the_spellings_that_rows_may_hold() {
    let spellings = |typed: &str| Lookup::new(typed).spellings().join(" ");
    assert_eq!(spellings(" ada@example.com\n"), "ada@example.com");
    assert_eq!(spellings("Nope"), "nope Nope");
    assert_eq!(
        spellings("ada@xn--bcher-kva.example"),
        "ada@xn--bcher-kva.example ada@bücher.example"
    );
    assert_eq!(
        spellings("Ada@Bücher.example"),
        "ada@xn--bcher-kva.example ada@bücher.example ada@Bücher.example \
         Ada@xn--bcher-kva.example Ada@bücher.example Ada@Bücher.example"
    );
}

#[test]
fn what_is_too_long_for_an_address_has_few_spellings() {
    let spellings = |length| {
        let typed = format!("Ada@B\u{fc}cher.{}.example", "X".repeat(length));
        Lookup::new(&typed).spellings().len()
    };
    assert_eq!((spellings(63), spellings(2000)), (6, 2));
    let domain = "@B\u{fc}cher.example";
    let of_length = |length| {
        let typed = "A".repeat(length - domain.len()) + domain;
        Lookup::new(&typed).spellings().len()
    };
    assert_eq!((of_length(MAX_TEXT), of_length(MAX_TEXT + 1)), (6, 2));
}

proptest! {
    #[test]
    fn parsing_what_was_parsed_changes_nothing(typed in "[a-zA-Z0-9.+]{1,10}@[a-zA-Z0-9é.-]{1,20}\\.[a-z]{2,5}") {
        if let Ok(email) = Email::parse(&typed) {
            prop_assert_eq!(Email::parse(email.as_str()).unwrap(), email);
        }
    }

    #[test]
    fn each_spelling_of_an_address_is_that_address(
        typed in "[a-zA-Zé.]{1,5}@[a-zA-Zäß日]{1,4}\\.(xn--bcher-kva\\.)?[a-z]{2}"
    ) {
        let lookup = Lookup::new(&typed);
        for spelling in lookup.spellings() {
            prop_assert!(lookup.is(&spelling), "{spelling:?}");
            prop_assert!(lookup.is(&format!(" {spelling}\r\n")), "{spelling:?}");
        }
    }

    #[test]
    fn nothing_typed_makes_it_panic_or_gives_a_form_that_is_not_plain_ascii_or_a_spelling_of_another(typed in any::<String>()) {
        let lookup = Lookup::new(&typed);
        prop_assert!(lookup.is(&typed));
        for spelling in lookup.spellings() {
            prop_assert!(lookup.is(&spelling), "{spelling:?}");
        }
        if let Ok(email) = Email::parse(&typed) {
            prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
