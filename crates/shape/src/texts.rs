//! Texts by name: what is shown of captured bytes, and the exact bytes beside it.

use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_wire::escape::printable;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Texts by name, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Texts(Map<String, Value>);

impl Texts {
    /// Whether every text shown is exact.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text called `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// What is shown of `bytes`, whose exact form is kept as `name` when it is another.
    pub(crate) fn show(&mut self, name: &str, bytes: &[u8]) -> String {
        let text = printable(bytes).into_string();
        if text.as_bytes() != bytes {
            self.put(name, STANDARD.encode(bytes));
        }
        text
    }

    /// As [`Texts::show`], of bytes that may be absent.
    pub(crate) fn show_some(&mut self, name: &str, bytes: Option<&Vec<u8>>) -> Option<String> {
        bytes.map(|bytes| self.show(name, bytes))
    }

    /// `name`, or where that is taken `name#2`, ….
    pub(crate) fn free(&self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut count = 1;
        while self.0.contains_key(&free) {
            count += 1;
            free = format!("{name}#{count}");
        }
        free
    }

    /// Puts a text under a name.
    pub(crate) fn put(&mut self, name: &str, text: String) {
        self.0.insert(name.to_owned(), Value::String(text));
    }
}

impl PartialSchema for Texts {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Texts by name."))
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)))
            .into()
    }
}

impl ToSchema for Texts {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_escaped_has_an_exact_form() {
        let mut exact = Texts::default();
        assert_eq!(exact.show("a", b"plain"), "plain");
        assert!(exact.is_empty());
        assert_eq!(exact.show("b", b"\0\xff"), "\\x00\\xff");
        assert_eq!(exact.show_some("c", None), None);
        assert_eq!(serde_json::to_value(&exact).unwrap(), serde_json::json!({"b": "AP8="}));
    }

    #[test]
    fn no_text_of_one_name_hides_another() {
        let mut texts = Texts::default();
        for (text, name) in [("1", "x"), ("2", "x#2"), ("3", "x#3")] {
            let free = texts.free("x");
            assert_eq!(free, name);
            texts.put(&free, text.into());
            assert_eq!(texts.get(name), Some(text));
        }
    }
}
