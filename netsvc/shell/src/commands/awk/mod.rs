//! awk: a small interpreter for one-liners.

mod format;
mod functions;
mod leave;
mod memory;
mod parse;
mod run;
mod tree;
mod value;

use super::{
    Run,
    options::{inputs, options},
};
use crate::{
    interpret::{Shell, Status},
    text::decode,
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("awk", awk), ("gawk", awk), ("mawk", awk), ("nawk", awk)];

fn awk(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "+F:v:f:W:", &[("field-separator", 'F'), ("assign", 'v'), ("file", 'f')])?
    else {
        return Ok(2);
    };
    let mut operands = options.operands.clone();
    let source = match options.value('f') {
        Some(path) => decode(&shell.fs.read_file(path).unwrap_or_default()),
        None if operands.is_empty() => {
            shell.err("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n")?;
            return Ok(2);
        }
        None => operands.remove(0),
    };
    let Some(rules) = parse::parse(&source) else {
        shell.err(&format!("awk: line 1: syntax error at or near {}\n", crate::text::head(&source, 20)))?;
        return Ok(2);
    };
    let mut machine = run::Machine::new(shell);
    if let Some(separator) = options.value('F') {
        machine.set("FS", &super::unescape(separator, false).0);
    }
    for (name, value) in options.values('v').filter_map(|word| word.split_once('=')) {
        machine.set(name, &super::unescape(value, false).0);
    }
    for (name, value) in operands
        .iter()
        .filter_map(|word| word.split_once('='))
        .filter(|(name, _)| name.chars().all(char::is_alphanumeric))
    {
        machine.set(name, value);
    }
    let files: Vec<String> = operands.into_iter().filter(|word| !word.contains('=')).collect();
    if let Some(status) = machine.begin(&rules)? {
        return Ok(status);
    }
    let (contents, good) = inputs(machine.shell, "awk", &files)?;
    let status = machine.main(&rules, contents)?;
    Ok(if good { status } else { 2 })
}

#[cfg(test)]
mod tests {
    use super::parse::parse;

    #[test]
    fn no_program_is_as_deep_as_it_is_long() {
        for (head, link, tail) in [("1", "+1", ""), ("a", " a", ""), ("", "$", "1")] {
            let program = |links: usize| format!("{{ y = {head}{}{tail} }}", link.repeat(links));
            assert!(parse(&program(1)).is_some(), "{link}");
            assert!(parse(&program(100_000)).is_none(), "{link}");
        }
        assert!(parse(&format!("{}1", "$".repeat(100_000))).is_none());
        drop(parse(&format!("{{ y = 1{} }}", " in x".repeat(100_000))));
        assert!(parse(&format!("{{ x = 1{} }}", "+1".repeat(300))).is_some());
    }
}
