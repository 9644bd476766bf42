//! YAML as manifests have it: mappings and lists in blocks, texts of several lines, and short lists and mappings in one
//! line. What is beyond that (anchors, tags, several documents) is not read.

use serde_json::{Map, Value};

/// Deepest nesting, and most lines.
const DEPTH: usize = 32;
const LINES: usize = 10_000;

/// A line that says something.
#[derive(Clone, Debug)]
struct Line<'a> {
    indent: usize,
    text: &'a str,
    /// Its number among all.
    number: usize,
}

/// What is read.
struct Reader<'a> {
    all: Vec<&'a str>,
    lines: Vec<Line<'a>>,
    at: usize,
}

/// The first document of `text`; `None`: it is none that can be read.
pub(super) fn read(text: &str) -> Option<Value> {
    let says = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let mut begun = text.lines().skip_while(|line| !says(line)).peekable();
    if begun.peek().is_some_and(|line| line.starts_with("---")) {
        begun.next();
    }
    let all: Vec<&str> = begun.take_while(|line| !line.starts_with("---")).take(LINES + 1).collect();
    if LINES < all.len() {
        return None;
    }
    let lines = all
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let text = line.trim_start_matches(' ');
            Line { indent: line.len() - text.len(), text: text.trim_end(), number }
        })
        .filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
        .collect();
    let mut reader = Reader { all, lines, at: 0 };
    let indent = reader.lines.first()?.indent;
    let value = reader.block(indent, 0)?;
    (reader.at == reader.lines.len()).then_some(value)
}

impl<'a> Reader<'a> {
    fn line(&self) -> Option<Line<'a>> {
        self.lines.get(self.at).cloned()
    }

    /// What stands at `indent`.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Value> {
        let line = self.line()?;
        if DEPTH < depth || line.text.starts_with('\t') {
            return None;
        }
        if is_item(line.text) {
            return self.list(indent, depth);
        }
        if key(line.text).is_some() {
            return self.mapping(indent, depth);
        }
        self.at += 1;
        scalar(line.text)
    }

    fn list(&mut self, indent: usize, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(line) = self.line().filter(|line| line.indent == indent && is_item(line.text)) {
            let rest = line.text.get(1..)?.trim_start();
            let inner = indent + line.text.len() - rest.len();
            if rest.is_empty() {
                self.at += 1;
                items.push(self.below(indent, depth)?);
            } else if is_item(rest) || key(rest).is_some() {
                // What follows the dash is a block of its own, as deep as it stands.
                if let Some(place) = self.lines.get_mut(self.at) {
                    (place.indent, place.text) = (inner, rest);
                }
                items.push(self.block(inner, depth + 1)?);
            } else {
                self.at += 1;
                items.push(self.value(rest, indent, line.number)?);
            }
        }
        Some(items.into())
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Option<Value> {
        let mut fields = Map::new();
        while let Some(line) = self.line().filter(|line| line.indent == indent) {
            let Some((name, rest)) = key(line.text) else { break };
            self.at += 1;
            let value = if rest.is_empty() {
                let next = self.line().filter(|next| next.indent == indent && is_item(next.text));
                // A list may stand as deep as its name.
                match next {
                    Some(_) => self.list(indent, depth + 1)?,
                    None => self.below(indent, depth)?,
                }
            } else {
                self.value(rest, indent, line.number)?
            };
            fields.insert(name, value);
        }
        Some(fields.into())
    }

    /// What stands deeper than `indent`, if anything does.
    fn below(&mut self, indent: usize, depth: usize) -> Option<Value> {
        match self.line().filter(|next| indent < next.indent) {
            Some(next) => self.block(next.indent, depth + 1),
            None => Some(Value::Null),
        }
    }

    /// A value that begins behind a name or a dash in the line with this number.
    fn value(&mut self, text: &str, indent: usize, number: usize) -> Option<Value> {
        let mut letters = text.chars();
        match letters.next() {
            Some(style @ ('|' | '>')) if letters.all(|letter| "+-0123456789".contains(letter)) => {
                Some(self.lines_of(indent, number, style == '>', text.ends_with('-')).into())
            }
            Some('&' | '*' | '!') => None,
            _ => scalar(text),
        }
    }

    /// A text of the lines behind the one with this number that stand deeper than `indent`.
    fn lines_of(&mut self, indent: usize, number: usize, folded: bool, stripped: bool) -> String {
        let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let behind = self.all.iter().skip(number + 1);
        let own: Vec<&str> =
            behind.take_while(|line| line.trim().is_empty() || indent < depth(line)).copied().collect();
        let first = own.iter().find(|line| !line.trim().is_empty()).map_or(0, |line| depth(line));
        let texts: Vec<&str> = own.iter().map(|line| line.get(first..).unwrap_or_default()).collect();
        let last = number + own.len();
        while self.line().is_some_and(|line| line.number <= last) {
            self.at += 1;
        }
        let text = texts.join(if folded { " " } else { "\n" });
        let text = text.trim_end();
        if stripped || text.is_empty() { text.to_owned() } else { format!("{text}\n") }
    }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// A name and what follows it in the line.
fn key(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|letter| "\"'".contains(*letter));
    if let Some(quote) = quote {
        let (name, rest) = text.get(1..)?.split_once(quote)?;
        let rest = rest.trim_start().strip_prefix(':')?;
        return (rest.is_empty() || rest.starts_with(' ')).then(|| (name.to_owned(), rest.trim_start()));
    }
    if text.starts_with(['[', '{', '#']) {
        return None;
    }
    let (name, rest) = match text.split_once(": ") {
        Some((name, rest)) => (name, rest),
        None => (text.strip_suffix(':')?, ""),
    };
    let rest = rest.trim_start();
    let rest = if rest.starts_with('#') { "" } else { rest };
    (!name.contains(" #")).then(|| (name.trim_end().to_owned(), rest))
}

/// A value in one line.
fn scalar(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.starts_with(['[', '{', '"']) {
        let whole = text.split_once(" #").map_or(text, |(before, _)| before.trim_end());
        return [text, whole].iter().find_map(|text| serde_json::from_str(text).ok()).or_else(|| flow(whole));
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let (inner, _) = rest.rsplit_once('\'')?;
        return Some(inner.replace("''", "'").into());
    }
    let text = text.split_once(" #").map_or(text, |(before, _)| before.trim_end());
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) if !text.starts_with('+') => number.into(),
            (_, Ok(number)) if text.bytes().any(|byte| byte.is_ascii_digit()) && number.is_finite() => {
                number.into()
            }
            _ => text.into(),
        },
    })
}

/// A list or mapping of plain values in one line.
fn flow(text: &str) -> Option<Value> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let items: Option<Vec<Value>> = parts(inner)?.map(plain).collect();
        return Some(items?.into());
    }
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut fields = Map::new();
    for part in parts(inner)? {
        let (name, rest) = key(part.trim())?;
        fields.insert(name, plain(rest)?);
    }
    Some(fields.into())
}

/// What stands between commas, where nothing is nested.
fn parts(inner: &str) -> Option<impl Iterator<Item = &str>> {
    let nested = inner.contains(['[', ']', '{', '}']);
    (!nested).then(|| inner.split(',').filter(|part| !part.trim().is_empty()))
}

/// A value that is no list and no mapping.
fn plain(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.starts_with(['[', '{']) { None } else { scalar(text) }
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_manifest_is_read() {
        let text = "# a pod\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: \"p\"\n\
            \x20\x20labels: {app: web, tier: '1'}\n\
            spec:\n  hostPID: true\n  containers:\n  - name: a\n    image: alpine:3.19   # small\n    command: \
            [sh, -c]\n    args:\n    - |\n      echo a: b\n        # kept\n      id\n    - \"x\"\n    resources: {}\n\
            \x20\x20volumes:\n    - name: h\n      hostPath:\n        path: /\n  priority: 10\n  empty:\n";
        assert_eq!(
            read(text),
            Some(json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": { "name": "p", "labels": { "app": "web", "tier": "1" } },
                "spec": {
                    "hostPID": true,
                    "containers": [{
                        "name": "a", "image": "alpine:3.19", "command": ["sh", "-c"],
                        "args": ["echo a: b\n  # kept\nid\n", "x"], "resources": {},
                    }],
                    "volumes": [{ "name": "h", "hostPath": { "path": "/" } }],
                    "priority": 10, "empty": null,
                },
            }))
        );
    }

    #[test]
    fn what_is_no_manifest_is_not_read() {
        for text in ["", "a: *b", "a: 1\n b: 2\nc", "a: [b, [c]", "\tx: 1"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        let deep: String = (0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert_eq!(read(&deep), None);
    }

    proptest! {
        #[test]
        fn anything_is_read_without_panic(text in "[-a:|>\\[\\]{}'\"# \n&0é]{0,200}") {
            let _ = read(&text);
        }
    }
}
