//! The examples of the document.

use testkit_openapi::Contract;

#[test]
fn every_body_has_an_example_and_every_example_is_as_it_says() {
    let contract = Contract::read();
    let examples = contract.examples();
    assert!(examples.len() > 50, "{}", examples.len());
    for (place, wrong) in examples {
        assert!(wrong.is_empty(), "{place}: {}", wrong.join("; "));
    }
}
