//! Paths and parameters of MAIL and RCPT (RFC 5321 §4.1.2), as leniently as the servers read them.

/// An argument of MAIL or RCPT after `FROM:` or `TO:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Address without angle brackets and source route.
    pub address: String,
    /// Parameters as written: `SIZE=100`.
    pub parameters: Vec<String>,
    /// Whether the address can be one: no space, no lone bracket.
    pub valid: bool,
    /// Whether it stood in angle brackets.
    pub bracketed: bool,
}

impl Path {
    /// Reads `argument`, the line after the verb; `keyword` is `FROM` or `TO`. `None` when the keyword or
    /// everything after it is missing.
    pub fn parse(argument: &str, keyword: &str) -> Option<Self> {
        let (head, rest) = argument.split_once(':')?;
        let rest = rest.trim();
        if !head.trim().eq_ignore_ascii_case(keyword) || rest.is_empty() {
            return None;
        }
        let Some(inner) = rest.strip_prefix('<') else {
            let mut words = rest.split_ascii_whitespace();
            let address = words.next().unwrap_or_default().to_owned();
            let valid = !address.contains(['<', '>']);
            return Some(Path {
                address,
                parameters: words.map(str::to_owned).collect(),
                valid,
                bracketed: false,
            });
        };
        let (address, parameters) = match inner.split_once('>') {
            Some((address, parameters)) => (address, Some(parameters)),
            None => (inner, None),
        };
        let valid = parameters.is_some() && !address.contains([' ', '\t', '<']);
        let parameters = parameters.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
        Some(Path { address: unrouted(address).to_owned(), parameters, valid, bracketed: true })
    }

    /// Domain of the address, without the last dot.
    pub fn domain(&self) -> Option<&str> {
        Some(self.address.rsplit_once('@')?.1.trim_end_matches('.'))
    }

    /// What stands before the `@`, without quotes and without an extension after `+`.
    pub fn user(&self) -> &str {
        let local = self.address.rsplit_once('@').map_or(self.address.as_str(), |(local, _)| local);
        let local = local.trim_matches('"');
        local.split_once('+').map_or(local, |(user, _)| user)
    }
}

/// The address without a source route (`@a,@b:user@c`).
fn unrouted(address: &str) -> &str {
    match address.split_once(':') {
        Some((route, rest)) if route.starts_with('@') => rest,
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_read_with_their_parameters() {
        let path = Path::parse("FROM:<a+x@b.c> SIZE=10 BODY=8BITMIME", "FROM").unwrap();
        assert_eq!((path.address.as_str(), path.user(), path.domain()), ("a+x@b.c", "a", Some("b.c")));
        assert_eq!(path.parameters, ["SIZE=10", "BODY=8BITMIME"]);
        assert!(path.valid);
        assert_eq!(Path::parse("to: <@r.s:u@v.w>", "TO").unwrap().address, "u@v.w");
        assert!(!Path::parse("FROM:<x y@z>", "FROM").unwrap().valid);
        assert!(!Path::parse("FROM:<x@z", "FROM").unwrap().valid);
        assert!(Path::parse("FROM:<>", "FROM").unwrap().valid);
        assert_eq!(Path::parse("FROM", "FROM"), None);
        assert_eq!(Path::parse("FROM: ", "FROM"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            if let Some(path) = Path::parse(&text, "FROM") {
                let _ = (path.user(), path.domain());
            }
        }
    }
}
