//! The little XML that the services need: a tree to read, a text to write.

use std::fmt::{Display, Write};

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with its text and its children; attributes are not looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Reads a document; none if it is not well formed.
    pub(crate) fn parse(document: &[u8]) -> Option<Self> {
        let document = std::str::from_utf8(document).ok()?;
        let mut reader = Reader::from_str(document);
        // The innermost open element is last; the first stands for the document.
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => open.push(Self::named(start.local_name().as_ref())),
                Event::Empty(start) => {
                    let element = Self::named(start.local_name().as_ref());
                    open.last_mut()?.children.push(element);
                }
                Event::End(_) => {
                    let element = open.pop()?;
                    open.last_mut()?.children.push(element);
                }
                Event::Text(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
                Event::CData(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let text = &mut open.last_mut()?.text;
                    match reference.resolve_char_ref().ok()? {
                        Some(character) => text.push(character),
                        None => text.push_str(named_entity(&reference)?),
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let [document] = <[Self; 1]>::try_from(open).ok()?;
        document.children.into_iter().next()
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

fn named_entity(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

/// A document with a root element, in a namespace unless that is empty.
pub(crate) fn document(
    root: &'static str,
    namespace: &str,
    fill: impl FnOnce(&mut Document),
) -> String {
    let mut document = Document(String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    if namespace.is_empty() {
        document.element(root, fill);
    } else {
        document.write(format_args!("<{root} xmlns=\"{namespace}\">"));
        fill(&mut document);
        document.write(format_args!("</{root}>"));
    }
    document.0
}

/// A document under construction.
#[derive(Debug)]
pub(crate) struct Document(String);

impl Document {
    /// Adds an element with children.
    pub(crate) fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.write(format_args!("<{name}>"));
        fill(self);
        self.write(format_args!("</{name}>"));
    }

    /// Adds an element with text.
    pub(crate) fn text(&mut self, name: &str, text: impl Display) {
        let text = text.to_string();
        let escaped = quick_xml::escape::escape(&text);
        self.write(format_args!("<{name}>{escaped}</{name}>"));
    }

    /// Adds a list as CloudFront has it: `Quantity`, and `Items` unless it is empty.
    pub(crate) fn items<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.text("Quantity", items.len());
        if !items.is_empty() {
            self.element("Items", |document| {
                for each in items {
                    item(document, each);
                }
            });
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_meant() {
        let document = b"<?xml version='1.0'?><a xmlns='x'><p> /a&amp;b&#x41;&#66; </p>\
                         <x:p xmlns:x='y'><![CDATA[<&>]]></x:p><q/></a>";
        let root = Element::parse(document).expect("well formed");
        assert_eq!(root.name, "a");
        let texts: Vec<_> = root.children.iter().map(|child| &child.text[..]).collect();
        assert_eq!(texts, [" /a&bAB ", "<&>", ""]);
        assert_eq!(root.children[1].name, "p");
    }

    #[test]
    fn broken_documents_are_refused() {
        for document in ["", "text", "<a>", "<a></b>", "<a>&nbsp;</a>", "<a><b></a>"] {
            assert_eq!(Element::parse(document.as_bytes()), None, "{document}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = "<&>\"'é";
        let document = document("a", "urn:x", |document| {
            document.items(&[text], |document, text| document.text("b", text));
        });
        let root = Element::parse(document.as_bytes()).expect("well formed");
        assert_eq!(root.child_text("Quantity"), Some("1"));
        let item = root.child("Items").and_then(|items| items.child_text("b"));
        assert_eq!(item, Some(text));
    }
}
