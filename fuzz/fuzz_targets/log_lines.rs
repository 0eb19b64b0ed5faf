//! What is printed of names from outside: one line each, and none that a runner takes for a command.
#![no_main]

use cloudfront_delta::github::{escape_data, escape_property, harmless};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for line in [harmless(text), escape_data(text), escape_property(text)] {
        assert!(!line.contains(['\n', '\r']), "{line:?}");
        assert!(!line.contains("##["), "{line:?}");
    }
    assert!(!harmless(text).trim_start().starts_with("::"));
    assert!(!harmless(text).contains(char::is_control));
    assert!(!escape_property(text).contains([':', ',']));
});
