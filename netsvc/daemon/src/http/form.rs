//! What a form, a JSON object or a multipart body says: names and values, and files.

use serde_json::Value;

/// Most fields that are looked at.
const FIELDS: usize = 200;

/// A decoded body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Names and values.
    pub values: Vec<(String, String)>,
    /// Uploaded files: name and content.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Names under which forms send the user.
const USER_FIELDS: &[&str] = &[
    "log",
    "username",
    "user",
    "login",
    "email",
    "name",
    "j_username",
    "pma_username",
    "user[login]",
    "uname",
    "usr",
    "account",
    "userid",
    "psd_user",
    "logonid",
];
/// Names under which forms send the password.
const PASSWORD_FIELDS: &[&str] = &[
    "pwd",
    "password",
    "pass",
    "passwd",
    "j_password",
    "pma_password",
    "user[password]",
    "psd",
    "passw",
    "pw",
    "psd_password",
    "logonpassword",
];

impl Form {
    /// Reads `body` of Content-Type `kind`; unknown kinds are tried as a URL-encoded form.
    pub fn read(kind: &str, body: &[u8]) -> Form {
        let lower = kind.to_ascii_lowercase();
        if lower.starts_with("application/json") {
            return json(body);
        }
        if lower.starts_with("multipart/form-data") {
            let boundary =
                kind.split_once("boundary=").map(|(_, rest)| rest.split(';').next().unwrap_or(rest));
            return boundary.map(|boundary| multipart(boundary.trim_matches('"'), body)).unwrap_or_default();
        }
        encoded(&String::from_utf8_lossy(body))
    }

    /// The value of the first of `names` that is there.
    pub fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            self.values
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        })
    }

    /// User and password, when there is a password.
    pub fn login(&self) -> Option<(&str, &str)> {
        let password = self.get(PASSWORD_FIELDS)?;
        Some((self.get(USER_FIELDS).unwrap_or_default(), password))
    }
}

/// Reads a URL-encoded form or query.
pub fn encoded(text: &str) -> Form {
    let values = text.split('&').take(FIELDS).filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((plain(name), plain(value)))
    });
    Form { values: values.collect(), files: Vec::new() }
}

fn plain(text: &str) -> String {
    let spaced = text.replace('+', " ");
    super::request::decode(&spaced).unwrap_or(spaced)
}

fn json(body: &[u8]) -> Form {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return Form::default() };
    let values = object.into_iter().take(FIELDS).map(|(name, value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    Form { values: values.collect(), files: Vec::new() }
}

fn multipart(boundary: &str, body: &[u8]) -> Form {
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut form = Form::default();
    if boundary.is_empty() || boundary.len() > 200 {
        return form;
    }
    let mut rest = body;
    while let Some(at) = find(rest, &mark) {
        let after = rest.get(at + mark.len()..).unwrap_or_default();
        let end = find(after, &mark).unwrap_or(after.len());
        let part = after.get(..end).unwrap_or_default();
        if let Some((head, content)) = find(part, b"\r\n\r\n").and_then(|at| part.split_at_checked(at)) {
            let content = content.get(4..).unwrap_or_default();
            let content = content.strip_suffix(b"\r\n").unwrap_or(content);
            let head = String::from_utf8_lossy(head);
            match (attribute(&head, "name"), attribute(&head, "filename")) {
                (_, Some(file)) if !content.is_empty() => form.files.push((file, content.to_vec())),
                (Some(name), None) => form.values.push((name, String::from_utf8_lossy(content).into_owned())),
                _ => {}
            }
        }
        if form.values.len() + form.files.len() >= FIELDS {
            break;
        }
        rest = after;
    }
    form
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let quoted = format!(" {name}=\"");
    let start = head.find(&quoted)? + quoted.len();
    Some(head.get(start..)?.split('"').next()?.to_owned())
}

/// Position of `needle` in `bytes`.
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn logins_are_found_in_every_kind_of_body() {
        let check = |kind: &str, body: &str| {
            let form = Form::read(kind, body.as_bytes());
            assert_eq!(form.login(), Some(("bob", "a b&c")), "{kind}");
        };
        check("application/x-www-form-urlencoded", "log=bob&pwd=a+b%26c&x=1");
        check("application/json", r#"{"user":"bob","password":"a b&c","n":1}"#);
        let body = "--B\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nbob\r\n--B\r\n\
            Content-Disposition: form-data; name=\"password\"\r\n\r\na b&c\r\n--B--\r\n";
        check("multipart/form-data; boundary=B", body);
    }

    #[test]
    fn files_are_taken_out_of_a_multipart_body() {
        let body = b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.php\"\r\n\r\n<?php\r\n--B--\r\n";
        assert_eq!(
            Form::read("multipart/form-data; boundary=B", body).files,
            [("a.php".to_owned(), b"<?php".to_vec())]
        );
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for kind in ["application/json", "multipart/form-data; boundary=a", ""] {
                Form::read(kind, &bytes);
            }
        }
    }
}
