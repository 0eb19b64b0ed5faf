//! Names and patterns: a wildcard never cuts an escape or a character, and what is taken from a user
//! is what CloudFront can match.
#![no_main]

use cloudfront_delta::pattern::{Pattern, Widen, char_floor, encode, is_nameable, nameable_prefix};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let encoded = encode(&format!("/{text}"));
    assert!(encoded.is_ascii());
    let prefix = nameable_prefix(&encoded);
    assert!(encoded.starts_with(prefix));
    assert_eq!(char_floor(&encoded, prefix.len()), prefix.len());
    if is_nameable(&encoded) {
        assert_eq!(prefix, encoded);
        assert!(Pattern::parse(&encoded, Widen::No).is_ok(), "{encoded}");
    }
    for widen in [Widen::No, Widen::Yes] {
        if let Ok(pattern) = Pattern::parse(text, widen) {
            let again = Pattern::parse(pattern.as_str(), Widen::No);
            assert_eq!(again.ok().as_ref(), Some(&pattern));
        }
    }
    let _ = Pattern::parse_tag(text);
});
