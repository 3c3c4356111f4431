//! Facts about python-dotenv 1.2.4, and properties. The facts were made by running it.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Dotenv {
    parse(text, |name| {
        (name == "SET").then(|| "from the environment".to_owned())
    })
}

/// What a text assigns, as `name=value` with a name alone where it has no value.
fn assigned(text: &str) -> Vec<String> {
    let mut values: Vec<_> = read(text)
        .values
        .into_iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        })
        .collect();
    values.sort();
    values
}

#[test]
fn an_assignment_is_read_as_python_dotenv_reads_it() {
    for (text, expected) in [
        // Names.
        ("p=q", "p=q"),
        ("  p  =  q  ", "p=q"),
        ("'p q'=r", "p q=r"),
        ("\"p\"=r", "\"p\"=r"),
        ("p.q[%$=r", "p.q[%$=r"),
        ("export p=q", "p=q"),
        ("export\t'p'=q", "p=q"),
        ("exported=q", "exported=q"),
        ("export=q", "export=q"),
        ("\u{feff}p=q", "p=q"),
        ("p", "p"),
        ("p # a comment", "p"),
        ("p=", "p="),
        // Without quotes.
        ("p=q r", "p=q r"),
        ("p=q\u{a0}", "p=q"),
        ("p=q\\nr", "p=q\\nr"),
        ("p=q'r\"", "p=q'r\""),
        ("p=q=r", "p=q=r"),
        ("p=$q", "p=$q"),
        ("p=q#r", "p=q#r"),
        ("p=#q", "p=#q"),
        ("p=q\t# r", "p=q"),
        ("p= # r", "p="),
        ("p=# # r", "p=#"),
        // In quotes.
        ("p='q '", "p=q "),
        ("p='q # r'# s", "p=q # r"),
        ("p='q\\nr'", "p=q\\nr"),
        ("p='q\\'r\\\\'", "p=q'r\\"),
        ("p='q\\\"r'", "p=q\\\"r"),
        ("p=\"q\\n\\t\\\"\\'\\\\\"", "p=q\n\t\"'\\"),
        ("p=\"\\a\\b\\f\\r\\v\"", "p=\x07\x08\x0c\r\x0b"),
        ("p=\"\\x41\\u0041\\$\"", "p=\\x41\\u0041\\$"),
        ("p=\"q\r\nr\"", "p=q\nr"),
        ("p='q\nr=s'", "p=q\nr=s"),
        ("p=''", "p="),
        // References.
        ("p=${SET}", "p=from the environment"),
        ("p='${SET}'", "p=from the environment"),
        ("p=${NONE}", "p="),
        ("p=${NONE:-a default}", "p=a default"),
        ("p=${NONE:-}", "p="),
        ("p=${SET:-a default}", "p=from the environment"),
        ("p=${NONE-x}", "p="),
        ("p=${NONE:x}", "p=${NONE:x}"),
        ("p=${SET", "p=${SET"),
        ("p=$${SET}", "p=$from the environment"),
    ] {
        assert_eq!(assigned(text), [expected], "{text}");
        assert_eq!(read(text).unreadable, [0; 0], "{text}");
    }
}

#[test]
fn several_lines_are_read_as_python_dotenv_reads_them() {
    for (text, expected) in [
        ("", &[][..]),
        ("\n \n\t\n", &[]),
        ("# p=q\n  # r=s", &[]),
        ("p=q\nr=s\n", &["p=q", "r=s"]),
        ("p=q\rr=s\r\nt=", &["p=q", "r=s", "t="]),
        ("p=\nr=s", &["p=", "r=s"]),
        ("p=1\np=2", &["p=2"]),
        ("p=1\np", &["p"]),
        ("p=1\nq=${p}2", &["p=1", "q=12"]),
        ("q=${p}\np=1", &["p=1", "q="]),
        (
            "SET=file\nq=${SET}",
            &["SET=file", "q=from the environment"],
        ),
        ("p\nq=${p:-x}", &["p", "q="]),
        ("p='1\n2'\nq=3", &["p=1\n2", "q=3"]),
    ] {
        assert_eq!(assigned(text), expected, "{text}");
        assert_eq!(read(text).unreadable, [0; 0], "{text}");
    }
}

#[test]
fn what_is_no_assignment_is_passed_over_and_its_line_is_known() {
    for (text, expected, unreadable) in [
        ("p: q", &[][..], &[1][..]),
        ("=q\np=1", &["p=1"], &[1]),
        ("p q=r", &[], &[1]),
        ("p=\"q\nr=s", &["r=s"], &[1]),
        ("p='q\\'\nr=s", &["r=s"], &[1]),
        ("p='q' r\ns=t", &["s=t"], &[1]),
        ("\n\np='1\n2' 3\nq=4", &["q=4"], &[3]),
        ("''=q", &[], &[1]),
        ("export\np=1", &["export", "p=1"], &[]),
        ("export \np=1", &["p=1"], &[1]),
        ("p=\"q\\", &[], &[1]),
    ] {
        assert_eq!(assigned(text), expected, "{text}");
        assert_eq!(read(text).unreadable, unreadable, "{text}");
    }
}

proptest! {
    #[test]
    fn any_value_in_quotes_comes_back(value in "[^$\r]*", double: bool) {
        let quote = if double { '"' } else { '\'' };
        let escaped = value.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
        let file = read(&format!("before=1\np={quote}{escaped}{quote} # comment\nafter=2"));
        prop_assert_eq!(file.values.get("p"), Some(&Some(value)));
        prop_assert_eq!(file.values.len(), 3);
        prop_assert!(file.unreadable.is_empty());
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "([pq=#\\\\$\\{\\}:\\- \n\r\t]|export )*") {
        let file = read(&format!("{text}\n'\"\nlast=1"));
        prop_assert_eq!(file.values.get("last"), Some(&Some("1".to_owned())));
        prop_assert!(!file.unreadable.is_empty());
    }
}
