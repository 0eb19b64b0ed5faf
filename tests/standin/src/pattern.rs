//! What one item of an invalidation names.

use crate::encoding;

/// One item of an invalidation, read as CloudFront reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Names one cache key.
    Exact(String),
    /// Names every cache key that begins with this; written with a `*` at the end.
    Prefix(String),
    /// Names what carries this cache tag, in lower case; written with a `#` in front.
    Tag(String),
    /// Accepted, and names nothing: a `*` inside, or a wildcard that cuts an escape or a character.
    Nothing,
}

impl Pattern {
    /// Reads an item.
    pub fn parse(item: &str) -> Self {
        if let Some(tag) = item.strip_prefix('#') {
            return Self::Tag(tag.to_ascii_lowercase());
        }
        let (path, wildcard) = match item.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (item, false),
        };
        if path.contains('*') || (wildcard && cuts_a_character(path)) {
            Self::Nothing
        } else if wildcard {
            Self::Prefix(path.to_owned())
        } else {
            Self::Exact(path.to_owned())
        }
    }

    /// Whether the pattern names this cache key. A tag never does: it looks at the content.
    pub fn matches(&self, key: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == key,
            Self::Prefix(prefix) => key.starts_with(prefix.as_str()),
            Self::Tag(_) | Self::Nothing => false,
        }
    }
}

/// Whether an item counts against the quota of wildcards.
pub(crate) fn is_wildcard(item: &str) -> bool {
    item.starts_with('/') && item.ends_with('*')
}

/// Whether text ends inside a percent-escape or inside a character's UTF-8 bytes.
fn cuts_a_character(prefix: &str) -> bool {
    let bytes = prefix.as_bytes();
    let tail = &bytes[bytes.len().saturating_sub(2)..];
    if let Some(at) = tail.iter().rposition(|&byte| byte == b'%') {
        // `%` or `%C` at the end; what precedes it may itself be a whole escape.
        let digits = &tail[at + 1..];
        if digits.iter().all(u8::is_ascii_hexdigit) {
            return true;
        }
    }
    match std::str::from_utf8(&encoding::decode_bytes(prefix)) {
        Ok(_) => false,
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        for (item, key, expected) in [
            ("/a.html", "/a.html", true),
            ("/a.html", "/A.html", false),
            ("/a.html", "/a.html?x=1", false),
            ("/a.html*", "/a.html?x=1", true),
            ("/a.html*", "/a.html", true),
            ("/*", "/", true),
            ("/*", "/a/b/c", true),
            ("/dir/*", "/dir/", true),
            ("/dir/*", "/dir/a/b", true),
            ("/dir/*", "/dir", false),
            ("/dir*", "/dir", true),
            ("/dir*", "/directory/x", true),
            ("/images/image*", "/images/image1.jpg", true),
            ("/docs/?*", "/docs/", false),
            ("/docs/?*", "/docs/?q", true),
            // A `*` elsewhere is accepted and matches nothing (argotorg/solc-bin PR 97).
            ("/images/*.gif", "/images/a.gif", false),
            ("/images/*.gif", "/images/*.gif", false),
            ("/a*b*", "/a*bc", false),
            ("/%2A", "/*", false),
            // `%7E` is accepted and clears nothing (aws/aws-sdk 525, aws-sdk-js 4234).
            ("/%7Euser", "/~user", false),
            ("/%27", "/'", false),
            ("/*", "/~user", true),
            // Over-encoded or in lower case.
            ("/a%2Bb", "/a+b", false),
            ("/%c3%a9", "/%C3%A9", false),
            ("/%C3%A9", "/%C3%A9", true),
            // Cut characters and escapes.
            ("/%C3%A9*", "/%C3%A9t%C3%A9", true),
            ("/%C3*", "/%C3%A9", false),
            ("/%C*", "/%C3%A9", false),
            ("/%*", "/%C3%A9", false),
            ("/%E6%97*", "/%E6%97%A5", false),
            ("/%20*", "/%20b", true),
            ("/a%2*", "/a%20b", false),
            ("#tag", "#tag", false),
        ] {
            assert_eq!(Pattern::parse(item).matches(key), expected, "{item} {key}");
        }
    }

    #[test]
    fn tags_are_case_insensitive() {
        assert_eq!(Pattern::parse("#Blog"), Pattern::Tag("blog".to_owned()));
    }
}
