//! A fingerprint that nmap has seen beside one of its database: which values do not fit.

use std::collections::BTreeMap;

/// Tests in the order in which nmap prints them.
const TESTS: [&str; 13] = ["SEQ", "OPS", "WIN", "ECN", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "U1", "IE"];

/// A fingerprint: values, or expressions, by test and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Print(BTreeMap<&'static str, BTreeMap<String, String>>);

impl Print {
    /// Reads every test in `text`, which may be a report of nmap with its `OS:` at the start of lines.
    pub fn read(text: &str) -> Self {
        let reported: String = text.lines().filter_map(|line| line.strip_prefix("OS:")).collect();
        let text = if reported.is_empty() { text } else { &reported };
        let mut print = Print::default();
        for part in text.split(')') {
            let Some((before, inside)) = part.split_once('(') else { continue };
            let Some(test) = TESTS.into_iter().find(|test| before.trim_end().ends_with(test)) else {
                continue;
            };
            for pair in inside.split('%') {
                if let Some((name, value)) = pair.split_once('=') {
                    print.set(test, name, value);
                }
            }
        }
        print
    }

    /// Notes a value of a test.
    pub fn set(&mut self, test: &'static str, name: &str, value: &str) {
        self.0.entry(test).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// Where this, as it was seen, does not fit `reference`: `T5.W=8000 not 0`. As nmap does it, what one of them
    /// does not tell is not compared.
    pub fn differences(&self, reference: &Print) -> Vec<String> {
        let mut found = Vec::new();
        for test in TESTS {
            let (Some(seen), Some(wanted)) = (self.0.get(test), reference.0.get(test)) else { continue };
            for (name, value) in seen {
                let Some(expression) = wanted.get(name) else { continue };
                if !fits(value, expression) {
                    found.push(format!("{test}.{name}={value} not {expression}"));
                }
            }
        }
        found
    }
}

/// Whether a value is one of those that an expression allows: `Z`, `3B-45`, `>2A`, `M[>500]ST11|`.
fn fits(value: &str, expression: &str) -> bool {
    if let (Some(open), Some(close)) = (expression.find('['), expression.find(']')) {
        return open < close && nested(value, expression, (open, close));
    }
    expression.split('|').any(|one| {
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        if one == value {
            return true;
        }
        let Some(own) = number(value) else { return false };
        if let Some(least) = one.strip_prefix('>') {
            return number(least).is_some_and(|least| own > least);
        }
        if let Some(most) = one.strip_prefix('<') {
            return number(most).is_some_and(|most| own < most);
        }
        let range = one.split_once('-').and_then(|(low, high)| Some(number(low)?..=number(high)?));
        range.is_some_and(|range| range.contains(&own))
    })
}

/// The same where numbers within the value have expressions of their own, in brackets.
fn nested(value: &str, expression: &str, (open, close): (usize, usize)) -> bool {
    let (Some(before), Some(inside), Some(after)) =
        (expression.get(..open), expression.get(open + 1..close), expression.get(close + 1..))
    else {
        return false;
    };
    let Some(rest) = value.strip_prefix(before) else { return false };
    let digits = rest.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(digits);
    fits(number, inside) && fits(rest, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_what_an_expression_allows() {
        for (value, expression, expected) in [
            ("Z", "Z", true),
            ("Z", "I|Z", true),
            ("I", "RI", false),
            ("", "", true),
            ("U", "", false),
            ("U", "|U", true),
            ("40", "3B-45", true),
            ("46", "3B-45", false),
            ("7", "1-6|7-9", true),
            ("3", ">2", true),
            ("2", ">2", false),
            ("FA", "<FB", true),
            ("M5B4NW2", "M5B4NW[0-4]", true),
            ("M5B4NW5", "M5B4NW[0-4]", false),
            ("M5B4NW5ST11", "M[>500]NW[5]ST11", true),
            ("S", "G|[", false),
        ] {
            assert_eq!(fits(value, expression), expected, "{value:?} {expression:?}");
        }
    }

    #[test]
    fn what_was_seen_is_told_beside_what_was_expected() {
        let seen = "OS:SCAN(V=7.93%P=x)SEQ(SP=104%TI=Z%T\nOS:S=A)T1(R=Y%DF=Y)T2(R=N)IE(R=N)\n";
        let reference = "SEQ(SP=100-10A%TI=I%CI=I%TS=A)\nT1(R=Y%DF=Y%T=3B-45)\nT2(R=Y%W=0)\nU1(R=N)";
        let found = Print::read(seen).differences(&Print::read(reference));
        assert_eq!(found, ["SEQ.TI=Z not I", "T2.R=N not Y"]);
    }
}
