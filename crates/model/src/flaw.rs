//! What is wrong with something that was asked for.

/// A field, or nothing for the whole, and what is wrong with it.
pub type Flaw = (&'static str, String);

/// Flaws as one line, each with its field, whose name begins with `prefix`.
pub fn told(flaws: &[Flaw], prefix: &str) -> String {
    let one = |(field, message): &Flaw| match *field {
        "" => message.clone(),
        field => format!("{prefix}{field}: {message}"),
    };
    flaws.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_is_told_with_its_field() {
        let flaws = [("", "say something".to_owned()), ("port", "1 to 65535".to_owned())];
        assert_eq!(told(&flaws, "alerts."), "say something; alerts.port: 1 to 65535");
    }
}
