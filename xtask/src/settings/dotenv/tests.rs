//! Facts about python-dotenv, which `vectors.py` made by running it, and properties.

use proptest::prelude::*;

use super::*;

/// A text, its assignments, and the lines that are no assignments.
type Vector = (String, HashMap<String, Option<String>>, Vec<usize>);

fn read(text: &str) -> Dotenv {
    parse(text, |name| {
        (name == "SET").then(|| "environment".to_owned())
    })
}

#[test]
fn a_file_is_read_as_python_dotenv_reads_it() {
    let vectors = include_str!("vectors.jsonl");
    for line in vectors.lines() {
        let (text, values, unreadable): Vector = serde_json::from_str(line).unwrap();
        assert_eq!(read(&text), Dotenv { values, unreadable }, "{text:?}");
    }
    assert!(vectors.lines().count() > 300);
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
    fn any_text_is_read_to_its_end(text in "([pq=#\\\\$\\{\\}:\\- \n\r\t]|export )*", any: String) {
        let _no_panic = read(&any);
        let file = read(&format!("{text}\n'\"\nlast=1"));
        prop_assert_eq!(file.values.get("last"), Some(&Some("1".to_owned())));
        prop_assert!(!file.unreadable.is_empty());
    }
}
