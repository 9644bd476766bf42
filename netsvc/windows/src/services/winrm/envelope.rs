//! Envelopes of SOAP, as far as they say what is to be done: elements by their local names, without a tree.

/// Most elements that are looked at, and most of one name that are taken.
const ELEMENTS: usize = 4096;
const MANY: usize = 64;

/// An envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Elements: local name, attributes as sent, text in them.
    elements: Vec<(String, String, String)>,
    /// Whether it is one at all.
    pub(super) whole: bool,
}

impl Envelope {
    /// Reads `text`.
    pub(super) fn read(text: &str) -> Envelope {
        let mut envelope = Envelope::default();
        // Places of the elements that are open.
        let mut open: Vec<usize> = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let (content, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
            if let Some((_, _, text)) = open.last().and_then(|place| envelope.elements.get_mut(*place)) {
                text.push_str(content);
            }
            if let Some(after) = tag.strip_prefix("<![CDATA[") {
                let (inner, next) = after.split_once("]]>").unwrap_or((after, ""));
                if let Some((_, _, text)) = open.last().and_then(|place| envelope.elements.get_mut(*place)) {
                    text.push_str(&inner.replace('&', "&amp;"));
                }
                rest = next;
                continue;
            }
            let Some((tag, next)) = tag.get(1..).and_then(|tag| tag.split_once('>')) else { return envelope };
            rest = next;
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if tag.starts_with('/') {
                envelope.whole |= local(tag.trim_start_matches('/')) == "Envelope";
                open.pop();
                continue;
            }
            if ELEMENTS <= envelope.elements.len() {
                return envelope;
            }
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            let element =
                (local(name.trim_end_matches('/')).to_owned(), attributes.to_owned(), String::new());
            envelope.elements.push(element);
            if !tag.ends_with('/') {
                open.push(envelope.elements.len() - 1);
            }
        }
        envelope
    }

    /// Text of the first element called `name`; empty where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.texts(name).into_iter().next().unwrap_or_default()
    }

    /// Texts of all elements called `name`.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let named = self.elements.iter().filter(|(known, ..)| known == name);
        named.take(MANY).map(|(_, _, text)| plain(text.trim())).collect()
    }

    /// Local names, attributes and texts of all elements, in their order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str, String)> {
        self.elements.iter().map(|(name, attributes, text)| (name.as_str(), attributes.as_str(), plain(text)))
    }

    /// Whether there is an element called `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.elements.iter().any(|(known, ..)| known == name)
    }

    /// Text of the element called `name` one of whose attributes has this value.
    pub(super) fn named(&self, name: &str, value: &str) -> Option<String> {
        let quoted = [format!("\"{value}\""), format!("'{value}'")];
        let fits = |attributes: &str| quoted.iter().any(|quoted| attributes.contains(quoted));
        let found = self.elements.iter().find(|(known, attributes, _)| known == name && fits(attributes));
        found.map(|(_, _, text)| plain(text.trim()))
    }

    /// The value of an attribute of the first element called `name`.
    pub(super) fn attribute(&self, name: &str, attribute: &str) -> Option<String> {
        let (_, attributes, _) = self.elements.iter().find(|(known, ..)| known == name)?;
        let (_, rest) = attributes.split_once(attribute)?;
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let value = rest.get(1..)?;
        Some(plain(value.split(quote).next().unwrap_or_default()))
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Text without references to characters.
fn plain(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        all.push_str(before);
        let Some((name, after)) = from.get(1..).and_then(|from| from.split_once(';')) else {
            all.push_str(from);
            return all;
        };
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        match name {
            "lt" => all.push('<'),
            "gt" => all.push('>'),
            "amp" => all.push('&'),
            "quot" => all.push('"'),
            "apos" => all.push('\''),
            _ => all.extend(number.and_then(char::from_u32)),
        }
        rest = after;
    }
    all.push_str(rest);
    all
}

/// `text` as it stands in an element or attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn elements_are_found_by_their_local_names() {
        let text = "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"x\"><s:Header><a:Action s:mustUnderstand=\"true\"> \
            urn:a \
                    </a:Action><w:SelectorSet><w:Selector Name=\"ShellId\">AB</w:Selector></w:SelectorSet></s:Header>\
                    <s:Body><r:Command>echo &quot;a&amp;b&quot; &#65;</r:Command><r:Arguments>1</r:Arguments>\
                    <r:Arguments><![CDATA[<2>]]></r:Arguments><r:Signal CommandId='C1'/></s:Body></s:Envelope>";
        let envelope = Envelope::read(text);
        assert!(envelope.whole && envelope.has("Body"));
        assert_eq!(envelope.text("Action"), "urn:a");
        assert_eq!(envelope.named("Selector", "ShellId").as_deref(), Some("AB"));
        assert_eq!(envelope.text("Command"), "echo \"a&b\" A");
        assert_eq!(envelope.texts("Arguments"), ["1", "<2>"]);
        assert_eq!(envelope.attribute("Signal", "CommandId").as_deref(), Some("C1"));
        assert!(!Envelope::read("<a><b>").whole);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text: String) {
            Envelope::read(&text);
            Envelope::read(&format!("<s:Envelope><s:Body>{text}</s:Body>"));
        }
    }
}
