//! awk: a small interpreter for one-liners.

mod format;
mod functions;
mod leave;
mod memory;
mod parse;
mod reading;
mod run;
mod state;
mod tree;
mod user;
mod value;
mod writing;

use super::{Run, options::options};
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
    let Some(program) = parse::parse(&source) else {
        shell.err(&format!("awk: line 1: syntax error at or near {}\n", crate::text::head(&source, 20)))?;
        return Ok(2);
    };
    let names: Vec<String> = std::iter::once("awk".to_owned()).chain(operands.iter().cloned()).collect();
    let mut machine = run::Machine::new(shell, program, operands);
    machine.set_arguments(names)?;
    if let Some(separator) = options.value('F') {
        let separator = if separator == "t" { "\t".to_owned() } else { super::unescape(separator, false).0 };
        machine.set("FS", &separator);
    }
    for (name, value) in options.values('v').filter_map(|word| word.split_once('=')) {
        machine.set(name, &super::unescape(value, false).0);
    }
    machine.run()
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
