//! How a URL becomes the name under which an edge caches it.
//!
//! CloudFront wants non-ASCII characters and the characters that RFC 1738 calls unsafe as
//! percent-escapes of their UTF-8 bytes, in upper-case hex, and nothing else escaped. A cache key
//! is written in that form, so an invalidation path that escapes more, or in lower case, names
//! nothing.
//!
//! `~`, `'` and `*` stay raw in a key: users report that `%7E` clears nothing although the service
//! accepts it, and the raw forms are rejected or not taken literally. With the raw character in
//! the key, no exact path can name such a file, which is what they observe.

/// ASCII characters that are escaped in a cache key, besides control characters.
const ESCAPED: &[u8] = b" <>\"#%{}|\\^[]`?";

/// The cache key of a decoded path (`/docs/é.html` → `/docs/%C3%A9.html`).
pub fn cache_key(path: &str) -> String {
    let mut key = String::with_capacity(path.len());
    for &byte in path.as_bytes() {
        if byte.is_ascii_graphic() && !ESCAPED.contains(&byte) {
            key.push(char::from(byte));
        } else {
            push_escape(&mut key, byte);
        }
    }
    key
}

/// The URL path that a careful browser sends for a decoded path: everything but unreserved
/// characters and `/` escaped. [`split_url`] takes it back.
pub fn browser_url(path: &str) -> String {
    let mut url = String::with_capacity(path.len());
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            push_escape(&mut url, byte);
        }
    }
    url
}

/// Splits a viewer's URL (path and optional query) into its decoded path and its raw query. A
/// fragment is dropped, because a browser does not send it.
pub fn split_url(url: &str) -> (String, Option<&str>) {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    match url.split_once('?') {
        Some((path, query)) => (decode(path), Some(query)),
        None => (decode(url), None),
    }
}

/// Decodes percent-escapes. Text that is no escape stays as it is; if the result is not UTF-8, no
/// file can have that name and the text is returned undecoded.
pub fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    String::from_utf8(decode_bytes(text)).unwrap_or_else(|_| text.to_owned())
}

/// Decodes percent-escapes into bytes.
pub(crate) fn decode_bytes(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some(byte) = escape_at(bytes, at) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    decoded
}

fn escape_at(bytes: &[u8], at: usize) -> Option<u8> {
    let [b'%', high, low] = *bytes.get(at..at + 3)? else {
        return None;
    };
    Some(hex(high)? << 4 | hex(low)?)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for (path, key) in [
            ("/", "/"),
            ("/docs/index.html", "/docs/index.html"),
            ("/a b", "/a%20b"),
            ("/é", "/%C3%A9"),
            ("/日本.html", "/%E6%97%A5%E6%9C%AC.html"),
            ("/100%.txt", "/100%25.txt"),
            ("/why?.html", "/why%3F.html"),
            ("/a#b", "/a%23b"),
            ("/[x]{y}|z", "/%5Bx%5D%7By%7D%7Cz"),
            ("/\\^`<>\"", "/%5C%5E%60%3C%3E%22"),
            // Reserved but not unsafe: these stay.
            ("/a+b&c=d;e,f:g@h$i!(j)", "/a+b&c=d;e,f:g@h$i!(j)"),
            // Not nameable: these stay too, and no accepted path spells them.
            ("/~user/it's*.html", "/~user/it's*.html"),
            ("/\u{7f}\u{1}", "/%7F%01"),
        ] {
            assert_eq!(cache_key(path), key, "{path}");
        }
    }

    #[test]
    fn urls() {
        for (url, path, query) in [
            ("/a%20b", "/a b", None),
            ("/a+b", "/a+b", None),
            ("/%c3%A9", "/é", None),
            ("/a%3Fb?c=%3F", "/a?b", Some("c=%3F")),
            ("/a?", "/a", Some("")),
            ("/a#top", "/a", None),
            ("/100%", "/100%", None),
            ("/%zz%4", "/%zz%4", None),
            ("/%FF", "/%FF", None),
        ] {
            assert_eq!(split_url(url), (path.to_owned(), query), "{url}");
        }
    }

    #[test]
    fn a_browser_url_comes_back() {
        for path in ["/a b/é~'*%25?#.html", "/\\^`[]{}|<>\"", "/日本/", "/"] {
            assert_eq!(split_url(&browser_url(path)).0, path);
        }
    }
}
