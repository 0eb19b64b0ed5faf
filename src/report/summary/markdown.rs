//! Text from outside as Markdown that shows it and does nothing else.

use std::fmt::Write as _;

use crate::github::harmless;

/// The longest name shown, in characters: a longer one would push the other columns out of sight.
const MAX_NAME: usize = 100;

/// Characters of a longer name that are shown of its end, where a wildcard has its `*`.
const END: usize = 30;

/// A name as code, whatever it holds: no back quote ends it, no bar ends its cell.
pub(super) fn code(name: &str) -> String {
    let shown = harmless(&shortened(name));
    // Between back quotes everything is itself but these, and blanks at the ends.
    let plain = !shown.contains(['`', '|']) && shown.trim() == shown && !shown.is_empty();
    if plain {
        return format!("`{shown}`");
    }
    format!("<code>{}</code>", html(&shown))
}

fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name.to_owned();
    }
    let start = name.chars().take(MAX_NAME - END - 1);
    let end = name.chars().skip(length - END);
    start.chain(['…']).chain(end).collect()
}

/// Text on one line that must not become Markdown or HTML, but may hold `code`.
pub(super) fn escape(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape_line).collect();
    lines.join("<br>")
}

fn escape_line(line: &str) -> String {
    let mut shown = String::new();
    for (index, part) in harmless(line).split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(shown, "<code>{}</code>", html(part));
        } else {
            shown.push_str(&html(part));
        }
    }
    shown
}

/// The lines of a block quote. Indented lines are to be copied: they
/// are shown as they are.
pub(super) fn block(text: &str) -> String {
    const INDENT: &str = "    ";
    let mut shown = String::new();
    // What belongs to an item of a list is indented further.
    let mut item = "";
    let mut copied = false;
    for line in text.lines() {
        if let Some(line) = line.strip_prefix(INDENT) {
            if !copied {
                shown.push_str(">\n");
            }
            let _ = writeln!(shown, "> {item}{INDENT}{}", harmless(line));
            copied = true;
        } else {
            item = if line.starts_with("- ") { "  " } else { "" };
            let _ = writeln!(shown, "> {}", escape_line(line));
            copied = false;
        }
    }
    shown
}

fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // An entity alone does not help here: mentions and references are looked for in what
            // the Markdown became, so an invisible space breaks them up.
            '@' | '#' => {
                let _ = write!(shown, "&#{};\u{200b}", u32::from(c));
            }
            // Everything that could begin Markdown or end a cell.
            '*' | '_' | '[' | ']' | '~' | '\\' | '!' | '`' | '$' | '|' => {
                let _ = write!(shown, "&#{};", u32::from(c));
            }
            _ => shown.push(c),
        }
    }
    shown
}

/// A text of the log as a sentence. One that ends with something to copy or a list is left as it
/// is.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    let stop = if text.contains('\n') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_cell() {
        let rows = [
            ("/a.html", "`/a.html`"),
            ("/<script>*x*", "`/<script>*x*`"),
            ("/a`|b", "<code>/a&#96;&#124;b</code>"),
            ("/a\n| b", "<code>/a&#92;u{a}&#124; b</code>"),
            (" ", "<code> </code>"),
            ("/x](javascript:1)", "`/x](javascript:1)`"),
            ("/@octocat `", "<code>/&#64;\u{200b}octocat &#96;</code>"),
        ];
        for (name, expected) in rows {
            assert_eq!(code(name), expected);
        }
        let (start, end) = ("é".repeat(69), "x".repeat(29));
        let long = format!("{}{}*", "é".repeat(1_000), end);
        assert_eq!(code(&long), format!("`{start}…{end}*`"));
        let whole = "é".repeat(100);
        assert_eq!(code(&whole), format!("`{whole}`"));
    }

    #[test]
    fn text_is_text() {
        let rows = [
            ("a `b|c` d", "a <code>b&#124;c</code> d"),
            ("@octocat #1", "&#64;\u{200b}octocat &#35;\u{200b}1"),
            ("[a](b) ![c](d)", "&#91;a&#93;(b) &#33;&#91;c&#93;(d)"),
            ("</details>\u{1b}", "&lt;/details&gt;&#92;u{1b}"),
            ("one\ntwo", "one<br>two"),
            ("odd ` quote <b>", "odd <code> quote &lt;b&gt;</code>"),
        ];
        for (text, expected) in rows {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn what_is_to_be_copied_is_a_block_of_its_own() {
        let text = "paste this:\n    a: *b*\n    c: d\n- item:\n    e: f";
        let expected = "> paste this:\n>\n>     a: *b*\n>     c: d\n> - item:\n>\n>       e: f\n";
        assert_eq!(block(text), expected);
    }

    #[test]
    fn sentences_have_one_full_stop() {
        assert_eq!(sentence("a b"), "A b.");
        assert_eq!(sentence("a b."), "A b.");
        assert_eq!(sentence("a:\n- b"), "A:\n- b");
    }
}
