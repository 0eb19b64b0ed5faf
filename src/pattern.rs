//! Invalidation patterns: what CloudFront accepts in an invalidation, and what it then matches.
//!
//! A [`Pattern`] is an exact path, a wildcard (a prefix and a final `*`) or a cache tag (`#name`).
//! The rules come from the CloudFront developer guide ("Specify the objects to invalidate") and
//! from users' reports where the guide is silent:
//!
//! - A path begins with `/` and has at most [`MAX_PATH_CHARS`] characters.
//! - `*` is a wildcard only as the last character, and stands for any characters, `/` included.
//! - Non-ASCII characters and those that RFC 1738 calls unsafe are percent-encoded, with upper-case
//!   digits, and nothing else is: an over-encoded path is accepted and matches nothing.
//! - `~`, `'` and a literal `*` cannot be named reliably, raw or encoded (aws/aws-sdk issue 525,
//!   aws-sdk-js issue 4234, argotorg/solc-bin pull request 97). What holds one of them can only be
//!   covered by a wildcard that ends before it.
//!
//! ```
//! use cloudfront_delta::pattern::{Pattern, Widen, encode};
//!
//! let wildcard = Pattern::parse("/docs/*", Widen::No)?;
//! assert!(wildcard.matches("/docs/a/b.html"));
//! assert!(!wildcard.matches("/docs"));
//!
//! assert_eq!(encode("café menu.html"), "caf%C3%A9%20menu.html");
//!
//! let error = Pattern::parse("/people/~ann/", Widen::No).unwrap_err();
//! assert_eq!(error.fix(), Some("/people/*"));
//! # Ok::<(), cloudfront_delta::pattern::PatternError>(())
//! ```

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The greatest length of an invalidation path, its `*` included, in characters (which are bytes,
/// because an encoded path is ASCII). Source: CloudFront developer guide, "Quotas".
pub const MAX_PATH_CHARS: usize = 4_000;

/// The greatest length of a cache tag, without its `#`, in characters. Source: CloudFront developer
/// guide, "Invalidate by cache tag".
pub const MAX_TAG_CHARS: usize = 256;

/// One item of an invalidation, exactly as it is sent.
///
/// Invariant: the text obeys the rules in the [module's documentation](self), so that CloudFront
/// accepts it and it matches what [`matches`](Self::matches) says. Patterns order bytewise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// What becomes of a `*` inside a path, as in `/images/*.gif`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widen {
    /// It is an error, because CloudFront would match nothing.
    No,
    /// The path is cut after it: `/images/*`.
    Yes,
}

impl Pattern {
    /// Reads a path as a user gives it: already encoded, and sent as it stands.
    ///
    /// A raw `?` is allowed: it begins a query string.
    ///
    /// # Errors
    ///
    /// A text that CloudFront would reject, or would accept and match nothing with. The error says
    /// which, and [`PatternError::fix`] is a pattern that does parse, where there is one.
    pub fn parse(text: &str, widen: Widen) -> Result<Self, PatternError> {
        let Reading { fault, corrected } = read_path(text, widen);
        match fault {
            None => Ok(Self(corrected)),
            Some(fault) => Err(PatternError {
                text: text.to_owned(),
                fix: (!corrected.is_empty()).then_some(corrected),
                fault,
            }),
        }
    }

    /// Reads a cache tag, with or without its `#`.
    ///
    /// # Errors
    ///
    /// An empty tag, one over [`MAX_TAG_CHARS`], and one that holds a comma or anything but the
    /// ASCII characters 33 to 126. One with a `*` too: tags have no wildcards, so it is not what it
    /// seems.
    pub fn parse_tag(text: &str) -> Result<Self, PatternError> {
        let name = text.strip_prefix('#').unwrap_or(text);
        let bad = name.chars().find(|c| !c.is_ascii_graphic() || *c == ',');
        let fault = match bad {
            Some(c) => Some(Fault::TagCharacter(c)),
            None if name.contains('*') => Some(Fault::TagWildcard),
            None if name.is_empty() => Some(Fault::Empty),
            None if name.len() > MAX_TAG_CHARS => Some(Fault::TagTooLong(name.len())),
            None => None,
        };
        match fault {
            None => Ok(Self(format!("#{name}"))),
            Some(fault) => Err(PatternError {
                text: text.to_owned(),
                fix: None,
                fault,
            }),
        }
    }

    /// The exact path `path`, which the caller knows to be encoded and nameable.
    pub(crate) fn exact(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The wildcard `prefix*`; the caller knows `prefix` to be encoded, nameable and uncut.
    pub(crate) fn wildcard(prefix: &str) -> Self {
        Self(format!("{prefix}*"))
    }

    /// The text as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a wildcard: it counts against CloudFront's quota of 15 in progress.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.prefix().is_some()
    }

    /// Whether this is a cache tag.
    #[must_use]
    pub fn is_tag(&self) -> bool {
        self.0.starts_with('#')
    }

    /// What a wildcard's paths begin with; nothing for an exact path or a tag.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        if self.is_tag() {
            return None;
        }
        self.0.strip_suffix('*')
    }

    /// Whether the pattern invalidates `viewer_path`, an encoded path. A tag matches no path: what
    /// it invalidates is known to the origin alone.
    #[must_use]
    pub fn matches(&self, viewer_path: &str) -> bool {
        match self.prefix() {
            Some(prefix) => viewer_path.starts_with(prefix),
            None => !self.is_tag() && self.0 == viewer_path,
        }
    }

    /// Whether this is a wildcard that matches something that `other` matches too.
    #[must_use]
    pub fn touches(&self, other: &Pattern) -> bool {
        let Some(prefix) = self.prefix() else {
            return false;
        };
        match other.prefix() {
            Some(below) => below.starts_with(prefix) || prefix.starts_with(below),
            None => other.0.starts_with(prefix),
        }
    }

    /// What all patterns share that invalidate the same: CloudFront does not tell the cases of a
    /// tag apart.
    #[must_use]
    pub fn folded(&self) -> Cow<'_, str> {
        if self.is_tag() {
            Cow::Owned(self.0.to_ascii_lowercase())
        } else {
            Cow::Borrowed(&self.0)
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Pattern {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        if text.starts_with('#') {
            Self::parse_tag(&text)
        } else {
            Self::parse(&text, Widen::No)
        }
    }
}

/// A text that is no pattern: which text, what is wrong with it, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    text: String,
    fault: Fault,
    fix: Option<String>,
}

impl PatternError {
    /// The text as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first thing that is wrong with it.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// A pattern that parses and covers what the text seems to mean, all its faults mended.
    #[must_use]
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl std::error::Error for PatternError {}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", Shown(&self.text), self.fault)?;
        match &self.fix {
            Some(fix) => write!(f, "; write `{fix}`"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a text that was meant as a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// A path without its leading slash.
    #[error("does not begin with `/`")]
    NoLeadingSlash,
    /// A `*` before the end of a path.
    #[error("has a `*` before its end, where it is no wildcard and matches nothing")]
    InnerAsterisk,
    /// A raw character that has to be percent-encoded.
    #[error("holds {0:?}, which has to be percent-encoded")]
    Unencoded(char),
    /// An escape in lower-case digits.
    #[error("holds the escape `{0}`, whose digits have to be upper-case")]
    LowerCaseEscape(String),
    /// An escape of a character that must not be escaped.
    #[error("escapes {1:?} as `{0}`, and so matches nothing")]
    NeedlessEscape(String, char),
    /// A `%` without two hexadecimal digits.
    #[error("holds a `%` that two hexadecimal digits do not follow")]
    MalformedEscape,
    /// Escapes that are no UTF-8.
    #[error("holds escapes that are not UTF-8, from `{0}` on")]
    NotUtf8(String),
    /// A character that CloudFront does not match reliably, raw or encoded.
    #[error(
        "holds `{0}`, which CloudFront cannot match reliably: only a wildcard that ends before it can cover the path"
    )]
    Unnameable(String),
    /// A wildcard that ends inside an escape or between the escapes of one character.
    #[error("ends inside a percent-encoded character")]
    CutCharacter,
    /// A path over [`MAX_PATH_CHARS`].
    #[error("has {0} characters, more than the {MAX_PATH_CHARS} that CloudFront accepts")]
    TooLong(usize),
    /// A character that no cache tag may hold.
    #[error("holds {0:?}, which a cache tag cannot hold")]
    TagCharacter(char),
    /// A `*` in a cache tag.
    #[error("holds a `*`, but cache tags have no wildcards: name each tag")]
    TagWildcard,
    /// A cache tag over [`MAX_TAG_CHARS`].
    #[error("has {0} characters, more than the {MAX_TAG_CHARS} of a cache tag")]
    TagTooLong(usize),
}

/// A given text as messages show it: on one line, and not thousands of characters long.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_CHARS: usize = 100;
        for c in self.0.chars().take(SHOWN_CHARS) {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        if self.0.chars().nth(SHOWN_CHARS).is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// A path as read: the first fault, and the text with every fault mended (empty if that can't be).
struct Reading {
    fault: Option<Fault>,
    corrected: String,
}

/// Reads a path from left to right, noting the first fault and mending each.
fn read_path(text: &str, widen: Widen) -> Reading {
    if text.is_empty() || text.starts_with('#') {
        let fault = if text.is_empty() {
            Fault::Empty
        } else {
            Fault::NoLeadingSlash
        };
        return Reading {
            fault: Some(fault),
            corrected: String::new(),
        };
    }
    let mut fault = None;
    let mut rest = text;
    if !text.starts_with('/') {
        fault = Some(Fault::NoLeadingSlash);
        rest = without_origin(text);
    }
    let mut corrected = String::with_capacity(rest.len() + 1);
    corrected.push('/');
    rest = rest.strip_prefix('/').unwrap_or(rest);
    while let Some(c) = rest.chars().next() {
        let step = if c == '%' {
            read_escape(rest)
        } else {
            read_raw(c, rest, widen)
        };
        if fault.is_none() {
            fault = step.fault;
        }
        corrected.push_str(&step.corrected);
        if step.ends {
            corrected.push('*');
            break;
        }
        rest = &rest[step.length..];
    }
    if corrected.len() > MAX_PATH_CHARS {
        fault.get_or_insert(Fault::TooLong(corrected.len()));
        corrected.truncate(char_floor(&corrected, MAX_PATH_CHARS - 1));
        corrected.push('*');
    }
    Reading { fault, corrected }
}

/// What follows `https://host` in `text`, or the whole text if it is no URL.
fn without_origin(text: &str) -> &str {
    match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => text,
    }
}

/// What one character of a path turned out to be.
struct Step {
    fault: Option<Fault>,
    /// What is to stand in its place.
    corrected: String,
    /// How many bytes of the text it takes.
    length: usize,
    /// Whether a `*` has to follow, because the path ends or cannot be named from here on.
    ends: bool,
}

impl Step {
    fn sound(text: &str) -> Self {
        Self {
            fault: None,
            corrected: text.to_owned(),
            length: text.len(),
            ends: false,
        }
    }

    fn mended(fault: Fault, corrected: String, length: usize) -> Self {
        Self {
            fault: Some(fault),
            corrected,
            length,
            ends: false,
        }
    }

    fn end(fault: Option<Fault>) -> Self {
        Self {
            fault,
            corrected: String::new(),
            length: 0,
            ends: true,
        }
    }
}

/// Reads the raw character `c`, with which `rest` begins.
fn read_raw(c: char, rest: &str, widen: Widen) -> Step {
    let length = c.len_utf8();
    match c {
        '*' if rest.len() == 1 || widen == Widen::Yes => Step::end(None),
        '*' => Step::end(Some(Fault::InnerAsterisk)),
        '~' | '\'' => Step::end(Some(Fault::Unnameable(c.to_string()))),
        '?' => Step::sound("?"),
        _ if must_encode(c) => Step::mended(Fault::Unencoded(c), encode(&rest[..length]), length),
        _ => Step::sound(&rest[..length]),
    }
}

/// Reads the escapes of one character, with which `rest` begins.
fn read_escape(rest: &str) -> Step {
    const ESCAPE: usize = 3;
    let Some(lead) = escaped_byte(rest) else {
        let digits = rest[1..].trim_start_matches(|c: char| c.is_ascii_hexdigit());
        // `%*` and `%4*`: what is missing is the end of the escape, not an escaped `%`.
        if digits == "*" && rest.len() <= ESCAPE {
            return Step::end(Some(Fault::CutCharacter));
        }
        return Step::mended(Fault::MalformedEscape, "%25".to_owned(), 1);
    };
    let bytes_expected = match lead {
        0x00..=0x7F => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Step::end(Some(Fault::NotUtf8(rest[..ESCAPE].to_owned()))),
    };
    let mut bytes = Vec::with_capacity(bytes_expected);
    let mut tail = rest;
    while bytes.len() < bytes_expected {
        let Some(byte) = escaped_byte(tail) else {
            let cut = tail.len() <= ESCAPE && tail.ends_with('*');
            return Step::end(Some(if cut {
                Fault::CutCharacter
            } else {
                Fault::NotUtf8(rest[..ESCAPE].to_owned())
            }));
        };
        bytes.push(byte);
        tail = &tail[ESCAPE..];
    }
    let escapes = &rest[..ESCAPE * bytes_expected];
    let decoded = std::str::from_utf8(&bytes).ok();
    let Some(c) = decoded.and_then(|text| text.chars().next()) else {
        return Step::end(Some(Fault::NotUtf8(rest[..ESCAPE].to_owned())));
    };
    let upper = escapes.to_ascii_uppercase();
    if matches!(c, '*' | '~' | '\'') {
        Step::end(Some(Fault::Unnameable(escapes.to_owned())))
    } else if !must_encode(c) {
        Step::mended(
            Fault::NeedlessEscape(escapes.to_owned(), c),
            c.to_string(),
            escapes.len(),
        )
    } else if upper != escapes {
        Step::mended(
            Fault::LowerCaseEscape(escapes.to_owned()),
            upper,
            escapes.len(),
        )
    } else {
        Step::sound(escapes)
    }
}

/// The byte that `text` begins with in escaped form, if it does.
fn escaped_byte(text: &str) -> Option<u8> {
    let &[b'%', high, low, ..] = text.as_bytes() else {
        return None;
    };
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Whether a file name's `c` is percent-encoded: RFC 1738's unsafe characters, what is not
/// printable ASCII, and `?`, because a raw one would begin a query string.
fn must_encode(c: char) -> bool {
    !c.is_ascii_graphic()
        || matches!(
            c,
            '<' | '>'
                | '"'
                | '#'
                | '%'
                | '{'
                | '}'
                | '|'
                | '\\'
                | '^'
                | '~'
                | '['
                | ']'
                | '`'
                | '?'
        )
}

/// Encodes a file's path as a viewer's browser does and CloudFront expects: non-ASCII characters,
/// those that RFC 1738 calls unsafe and `?` become upper-case percent-escapes of their UTF-8 bytes;
/// everything else, `/` included, stays.
///
/// The result is ASCII. Two different paths never share an encoding.
#[must_use]
pub fn encode(raw: &str) -> String {
    let mut encoded = String::with_capacity(raw.len());
    encode_into(raw, &mut encoded);
    encoded
}

/// Appends the encoding of `raw` to `encoded`; see [`encode`].
pub(crate) fn encode_into(raw: &str, encoded: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let unsafe_at = raw.bytes().position(|byte| must_encode(byte as char));
    let (plain, rest) = raw.split_at(unsafe_at.unwrap_or(raw.len()));
    encoded.push_str(plain);
    for byte in rest.bytes() {
        if must_encode(byte as char) {
            encoded.push('%');
            encoded.push(HEX[usize::from(byte >> 4)] as char);
            encoded.push(HEX[usize::from(byte & 0xF)] as char);
        } else {
            encoded.push(byte as char);
        }
    }
}

/// Whether CloudFront can be given `encoded` as an exact path: it holds no `~`, `'` or `*`, and
/// leaves room for a `*` within [`MAX_PATH_CHARS`].
#[must_use]
pub fn is_nameable(encoded: &str) -> bool {
    nameable_len(encoded) == encoded.len()
}

/// The longest prefix of `encoded` that a wildcard may end after: it holds no character that cannot
/// be named, cuts none, and leaves room for the `*`. The whole path, if [`is_nameable`].
///
/// ```
/// use cloudfront_delta::pattern::nameable_prefix;
///
/// assert_eq!(nameable_prefix("/a/b%7E1.js"), "/a/b");
/// assert_eq!(nameable_prefix("/a/b1.js"), "/a/b1.js");
/// ```
#[must_use]
pub fn nameable_prefix(encoded: &str) -> &str {
    &encoded[..nameable_len(encoded)]
}

/// The length of [`nameable_prefix`], in bytes.
pub(crate) fn nameable_len(encoded: &str) -> usize {
    let bytes = encoded.as_bytes();
    let first_bad = bytes.iter().enumerate().find(|&(at, byte)| match byte {
        b'~' | b'\'' | b'*' => true,
        b'%' => bytes[at..].starts_with(b"%7E"),
        _ => false,
    });
    let end = first_bad.map_or(bytes.len(), |(at, _)| at);
    char_floor(encoded, end.min(MAX_PATH_CHARS - 1))
}

/// The last position at or before `at` where no character of `encoded` is cut: neither an escape,
/// nor the escapes of one character. Constant time.
///
/// ```
/// use cloudfront_delta::pattern::char_floor;
///
/// assert_eq!(char_floor("/%C3%A9", 7), 7);
/// assert_eq!(char_floor("/%C3%A9", 6), 1);
/// assert_eq!(char_floor("/%C3%A9", 4), 1);
/// ```
#[must_use]
pub fn char_floor(encoded: &str, at: usize) -> usize {
    let bytes = encoded.as_bytes();
    let mut at = at.min(bytes.len());
    for back in 1..=2 {
        if at < bytes.len() && at >= back && bytes[at - back] == b'%' {
            at -= back;
            break;
        }
    }
    // The second and later bytes of a character in UTF-8 are 80 to BF, its first one never is.
    while at >= 3 && matches!(bytes[at..], [b'%', b'8' | b'9' | b'A' | b'B', ..]) {
        at -= 3;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn accepts(text: &str) {
        let pattern = Pattern::parse(text, Widen::No);
        assert_eq!(pattern.map(String::from), Ok(text.to_owned()));
    }

    /// The message, with the text left out, and the fix.
    #[track_caller]
    fn rejects(text: &str, message: &str, fix: &str) {
        let error = Pattern::parse(text, Widen::No).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{text}` {message}; write `{fix}`")
        );
        accepts(fix);
    }

    #[test]
    fn what_cloudfront_accepts_is_accepted() {
        accepts("/");
        accepts("/*");
        accepts("/images/image*");
        accepts("/a.html?page=2&x=y*");
        accepts("/caf%C3%A9/%E6%BC%A2%20%23%25");
        accepts("/a$-_.+!(),;:@&=b");
        accepts(&format!("/{}", "a".repeat(3_999)));
        accepts(&format!("/{}*", "a".repeat(3_998)));
    }

    #[test]
    fn an_error_shows_the_fix() {
        // awsdocs/amazon-cloudfront-developer-guide issue 41, aws-cdk issue 9317.
        rejects("images/a.png", "does not begin with `/`", "/images/a.png");
        rejects("*", "does not begin with `/`", "/*");
        rejects(
            "https://www.example.com/images/a.png",
            "does not begin with `/`",
            "/images/a.png",
        );
        rejects(
            "/images/*.gif",
            "has a `*` before its end, where it is no wildcard and matches nothing",
            "/images/*",
        );
        rejects(
            "/a b",
            "holds ' ', which has to be percent-encoded",
            "/a%20b",
        );
        rejects(
            "/café",
            "holds 'é', which has to be percent-encoded",
            "/caf%C3%A9",
        );
        rejects(
            "/caf%c3%a9",
            "holds the escape `%c3%a9`, whose digits have to be upper-case",
            "/caf%C3%A9",
        );
        rejects("/%61", "escapes 'a' as `%61`, and so matches nothing", "/a");
        rejects(
            "/100%",
            "holds a `%` that two hexadecimal digits do not follow",
            "/100%25",
        );
        rejects(
            "/%FFx",
            "holds escapes that are not UTF-8, from `%FF` on",
            "/*",
        );
        rejects("/a%C3*", "ends inside a percent-encoded character", "/a*");
        rejects("/a%C*", "ends inside a percent-encoded character", "/a*");
    }

    /// aws/aws-sdk issue 525, aws-sdk-js issue 4234, s3_website issue 63, argotorg/solc-bin pull
    /// request 97.
    #[test]
    fn what_cannot_be_named_reliably_is_no_pattern() {
        for (held, text) in [
            ("~", "/u/~ann/x"),
            ("%7E", "/u/%7Eann/x"),
            ("'", "/u/'x"),
            ("%27", "/u/%27x"),
            ("%2A", "/u/%2A.json"),
        ] {
            let message = format!(
                "holds `{held}`, which CloudFront cannot match reliably: only a wildcard that ends before it can cover the path"
            );
            rejects(text, &message, "/u/*");
        }
    }

    #[test]
    fn a_path_that_is_too_long_is_cut_at_a_character() {
        let long = format!("/{}", "%C3%A9".repeat(1_000));
        let error = Pattern::parse(&long, Widen::No).unwrap_err();
        assert_eq!(error.fault(), &Fault::TooLong(6_001));
        let fix = format!("/{}*", "%C3%A9".repeat(666));
        assert_eq!(error.fix(), Some(fix.as_str()));
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let error = Pattern::parse("/a\n::error::b", Widen::No).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        let error = Pattern::parse(&"a".repeat(500), Widen::No).unwrap_err();
        assert_eq!(error.to_string().matches('a').count(), 100 + 500);
        assert_eq!(
            Pattern::parse("", Widen::No).unwrap_err().to_string(),
            "`` is empty"
        );
    }

    #[test]
    fn widening_cuts_after_the_first_asterisk() {
        let widened = Pattern::parse("/images/*.g if", Widen::Yes).map(String::from);
        assert_eq!(widened, Ok("/images/*".to_owned()));
    }

    #[test]
    fn tags_come_with_or_without_their_mark() {
        let tag = |text: &str| Pattern::parse_tag(text).map(String::from);
        assert_eq!(tag("#news"), Ok("#news".to_owned()));
        assert!(tag(&"a".repeat(256)).is_ok());
        for bad in ["", "#", "a,b", "a b", "ü", "news*", "*", &"a".repeat(257)] {
            assert!(tag(bad).is_err(), "{bad}");
        }
        let pattern = Pattern::parse_tag("news").unwrap();
        assert!(pattern.is_tag() && !pattern.is_wildcard());
        assert!(!pattern.matches("#news"));
    }

    /// RFC 1738, section 2.2, and the developer guide's list.
    #[test]
    fn file_names_are_encoded_as_viewers_encode_them() {
        assert_eq!(
            encode(" <>\"#%{}|\\^~[]`?"),
            "%20%3C%3E%22%23%25%7B%7D%7C%5C%5E%7E%5B%5D%60%3F"
        );
        assert_eq!(encode("a/é漢\u{7f}"), "a/%C3%A9%E6%BC%A2%7F");
        let unchanged = "AZaz09/$-_.+!*'(),;:@&=";
        assert_eq!(encode(unchanged), unchanged);
    }

    proptest! {
        #[test]
        fn every_fix_parses(text in "/?([a/%~'*?é#]|%C3|%A9|%7E|%2a){0,12}") {
            if let Err(error) = Pattern::parse(&text, Widen::No)
                && let Some(fix) = error.fix()
            {
                let parsed = Pattern::parse(fix, Widen::No).map(String::from);
                prop_assert_eq!(parsed, Ok(fix.to_owned()));
            }
        }

        /// The inverse of the encoding is written out here.
        #[test]
        fn encoding_can_be_undone(raw in any::<String>()) {
            let encoded = encode(&raw);
            prop_assert!(encoded.is_ascii());
            let mut bytes = Vec::new();
            let mut rest = encoded.as_str();
            while let Some(first) = rest.bytes().next() {
                let length = if first == b'%' { 3 } else { 1 };
                bytes.push(match first {
                    b'%' => u8::from_str_radix(&rest[1..3], 16).unwrap(),
                    plain => plain,
                });
                rest = &rest[length..];
            }
            prop_assert_eq!(String::from_utf8(bytes), Ok(raw));
        }

        /// The longest nameable prefix, looked for character by character.
        #[test]
        fn the_nameable_prefix_ends_before_the_first_bad_character(raw in "[a/~'*é漢%!]{0,8}") {
            let good: String = raw.chars().take_while(|c| !"~'*".contains(*c)).collect();
            let encoded = encode(&raw);
            prop_assert_eq!(nameable_prefix(&encoded), encode(&good));
            prop_assert_eq!(is_nameable(&encoded), good == raw);
        }

        #[test]
        fn boundaries_are_where_characters_begin(raw in "[aé漢😀%]{0,8}") {
            let encoded = encode(&raw);
            let ends = raw.char_indices().map(|(at, _)| encode(&raw[..at]).len());
            let boundaries: Vec<usize> = ends.chain([encoded.len()]).collect();
            for at in 0..=encoded.len() {
                let expected = boundaries.iter().rfind(|&&boundary| boundary <= at);
                prop_assert_eq!(Some(&char_floor(&encoded, at)), expected);
            }
        }
    }

    #[test]
    fn a_wildcard_touches_what_it_has_in_common_with_another_pattern() {
        let pattern = |text: &str| Pattern::try_from(text.to_owned()).unwrap();
        for (one, other, expected) in [
            ("/*", "/zz/*", true),
            ("/zz/a/*", "/zz/*", true),
            ("/zz*", "/zz.html", true),
            ("/zy/*", "/zz/*", false),
            ("/zz/", "/zz/*", false),
            ("/*", "#tag", false),
            ("#tag", "/*", false),
        ] {
            assert_eq!(
                pattern(one).touches(&pattern(other)),
                expected,
                "{one} {other}"
            );
        }
    }
}
