//! Simple commands: assignments, functions, built-ins, programs, and files that the peer brought.

use super::{Flow, Shell, Status, state::Variable};
use crate::{
    commands::{Run, answer, find},
    dialect::{Dialect, Reading},
    event::ShellEvent,
    fs::{Errno, Kind, join},
    live::Process,
    parse::{Assignment, Command, CommandBody, Redirect, Word, program},
    text,
};
use std::{sync::Arc, time::Duration};

/// Bytes of arguments that a program can be given (`getconf ARG_MAX`).
const ARGUMENTS: usize = 2_097_152;

impl Shell {
    pub(super) fn run_simple(
        &mut self,
        assignments: &[Assignment],
        words: &[Word],
        redirects: &[Redirect],
    ) -> Status {
        self.spend(1)?;
        self.substitution_status = None;
        let mut arguments = self.expand_words(words)?;
        self.apply_alias(words, &mut arguments);
        let before = self.descriptors.clone();
        let mut opened = Vec::new();
        if self.redirect(redirects, &mut opened)?.is_err() {
            self.close_all(opened);
            self.descriptors = before;
            let special = arguments.first().is_none_or(|name| crate::commands::is_special(name));
            return match self.dialect() {
                Dialect::Dash | Dialect::Ash | Dialect::BashPosix if special && !self.interactive => {
                    Err(self.abort(1))
                }
                Dialect::Dash => Ok(2),
                _ => Ok(1),
            };
        }
        if self.state.options.contains(&'x') && !(arguments.is_empty() && assignments.is_empty()) {
            self.trace(assignments, &arguments)?;
        }
        let result = match arguments.first() {
            None => self.assign_all(assignments),
            Some(name) if name == "exec" => {
                let result = self.exec_builtin(&arguments, assignments);
                if arguments.len() == 1 {
                    // The redirections of a bare exec stay.
                    return result;
                }
                result
            }
            Some(_) => self.run_with_assignments(assignments, &arguments),
        };
        if result == Err(Flow::Enter) && !self.interactive {
            self.keep_redirections(before, opened);
            return result;
        }
        self.close_all(opened);
        self.descriptors = before;
        let failed = self.write_error.take();
        match (result, failed, arguments.first()) {
            (Ok(_), Some(error), Some(name)) => {
                let builtin = find(self, name).is_some_and(|command| command.builtin);
                match (builtin, self.dialect()) {
                    (true, Dialect::Dash) => self.complain_of(name, "I/O error")?,
                    (true, _) => self.complain_of(name, &format!("write error: {error}"))?,
                    (false, _) => self.err(&format!("{name}: write error: {error}\n"))?,
                }
                Ok(1)
            }
            (result, _, _) => result,
        }
    }

    fn apply_alias(&mut self, words: &[Word], arguments: &mut Vec<String>) {
        if !self.interactive && !self.dialect().aliases_in_scripts() && !self.state.options.contains(&'A') {
            return;
        }
        let Some(value) = words.first().and_then(Word::literal).and_then(|name| self.state.aliases.get(name))
        else {
            return;
        };
        let program = program(value, self.dialect(), 1, true);
        if program.failure.is_none() {
            let list = program.list;
            let command =
                list.first().and_then(|item| item.chain.first.commands.first()).map(|command| &command.body);
            if let Some(CommandBody::Simple { words, .. }) = command {
                let words: Vec<String> =
                    words.iter().filter_map(|word| word.literal().map(String::from)).collect();
                arguments.splice(..1, words);
            }
        }
    }

    /// What `set -x` prints of a command: `PS4`, assignments, words.
    fn trace(&mut self, assignments: &[Assignment], arguments: &[String]) -> Result<(), Flow> {
        let mut parts = Vec::new();
        for assignment in assignments.iter().filter(|assignment| assignment.list.is_none()) {
            let status = self.substitution_status;
            let value = self.expand_text(&assignment.value)?;
            self.substitution_status = status;
            parts.push(format!("{}={}", assignment.name, self.traced(&value)));
        }
        parts.extend(arguments.iter().map(|argument| self.traced(argument)));
        let mark = self.variable("PS4").unwrap_or("+ ").to_owned();
        self.err(&format!("{mark}{}\n", parts.join(" ")))
    }

    fn traced(&self, text: &str) -> String {
        if self.dialect() == Dialect::Dash { text.to_owned() } else { crate::commands::quote(text) }
    }

    fn exec_builtin(&mut self, arguments: &[String], assignments: &[Assignment]) -> Status {
        match arguments.split_first() {
            Some((_, rest)) if !rest.is_empty() => {
                let name = rest.first().map_or("", String::as_str);
                let absent = if name.contains('/') {
                    !self.fs.exists(name) && !self.dialect().is_bash()
                } else {
                    command_path(self, name).is_none() && !name.starts_with('-')
                };
                if absent {
                    self.complain_of("exec", &format!("{name}: not found"))?;
                    return if self.interactive { Ok(127) } else { Err(Flow::Exit(127)) };
                }
                match self.run_with_assignments(assignments, rest) {
                    Ok(status) => Err(Flow::Exit(status)),
                    Err(Flow::Enter) => {
                        self.replace_waiting();
                        Err(Flow::Enter)
                    }
                    other => other,
                }
            }
            _ => Ok(0),
        }
    }

    fn assign_all(&mut self, assignments: &[Assignment]) -> Status {
        for assignment in assignments {
            if !self.assign(assignment)? {
                return Err(self.abort(1));
            }
        }
        Ok(self.substitution_status.unwrap_or(0))
    }

    /// Carries out an assignment. `false`: it failed and was complained about.
    pub(crate) fn assign(&mut self, assignment: &Assignment) -> Result<bool, Flow> {
        let name = &assignment.name;
        if let Some(words) = &assignment.list {
            return self.assign_list(name, words, assignment.append);
        }
        let mut value = self.expand_text(&assignment.value)?;
        if let Some(index) = &assignment.index {
            return self.assign_element(name, index, assignment.append, value);
        }
        if assignment.append {
            value = format!("{}{value}", self.variable(name).unwrap_or(""));
        }
        self.set_variable(name, &value)
    }

    fn run_with_assignments(&mut self, assignments: &[Assignment], arguments: &[String]) -> Status {
        let mut before: Vec<(String, Option<Variable>)> = Vec::new();
        for assignment in assignments {
            before.push((assignment.name.clone(), self.state.variables.map.get(&assignment.name).cloned()));
            if !self.assign(assignment)? {
                return Ok(1);
            }
            self.state_mut().variables.mark_exported(&assignment.name);
        }
        let result = self.run_arguments(arguments);
        // A shell that has begun keeps them; the one that waits for it has what was before.
        let variables = match result {
            Err(Flow::Enter) => self.waiting_variables(),
            _ => Some(&mut self.state_mut().variables),
        };
        let Some(variables) = variables else { return result };
        for (name, variable) in before {
            variables.put_back(name, variable);
        }
        result
    }

    /// Runs a command that is already expanded: name first.
    pub(crate) fn run_arguments(&mut self, arguments: &[String]) -> Status {
        let Some(name) = arguments.first() else { return Ok(0) };
        self.spend(1)?;
        if let Some(body) = self.state.functions.get(name).cloned() {
            return self.nested(|shell| shell.call(&body, arguments));
        }
        self.run_program(arguments)
    }

    /// Runs a program for another that does nothing but start it: `sudo`, `env`, `nohup`.
    pub(crate) fn run_wrapped(&mut self, words: &[String]) -> Status {
        self.wrapped += 1;
        let result = self.run_program(words);
        self.wrapped = self.wrapped.saturating_sub(1);
        result
    }

    /// Runs a built-in or a program, not a function.
    pub(crate) fn run_program(&mut self, arguments: &[String]) -> Status {
        let Some(name) = arguments.first().cloned() else { return Ok(0) };
        if name.contains('/') {
            return self.run_path(&name, arguments);
        }
        let Some(command) = find(self, &name) else {
            return self.unknown(&name, arguments);
        };
        if !command.builtin {
            // A program that was removed, or is hidden by a file of the peer's, is looked up as a real shell does.
            match command_path(self, &name) {
                Some(path) if self.fs.is_foreign(&path) => {
                    return self.run_path(&path, arguments);
                }
                Some(_) => {}
                None => return self.unknown(&name, arguments),
            }
            if are_too_long(arguments) {
                let path = command_path(self, &name).unwrap_or_else(|| name.clone());
                self.complain(&format!("{path}: Argument list too long"))?;
                return Ok(126);
            }
            if let Some(answer) = answer(self, &name, arguments) {
                return answer;
            }
        }
        self.invoke(command.run, arguments)
    }

    fn invoke(&mut self, run: Run, arguments: &[String]) -> Status {
        let outer = self.begin_program(arguments);
        let result = self.nested(|shell| run(shell, arguments));
        self.end_program(outer);
        result
    }

    fn call(&mut self, body: &Arc<Command>, arguments: &[String]) -> Status {
        let positional = arguments.get(1..).unwrap_or(&[]).to_vec();
        let before = std::mem::replace(&mut self.state_mut().positional, positional);
        self.state_mut().locals.push(Vec::new());
        let loops = std::mem::take(&mut self.loops);
        self.calls += 1;
        let line = self.line_number;
        let result = self.run_command(body);
        self.line_number = line;
        self.calls -= 1;
        self.loops = loops;
        let locals = self.state_mut().locals.pop().unwrap_or_default();
        for (name, variable) in locals.into_iter().rev() {
            self.state_mut().variables.put_back(name, variable);
        }
        self.state_mut().positional = before;
        match result {
            Err(Flow::Return(status)) => Ok(status),
            other => other,
        }
    }

    fn unknown(&mut self, name: &str, arguments: &[String]) -> Status {
        // Files in PATH that are no program of the distribution run by name: the peer's, and scripts of the device.
        if let Some(path) = command_path(self, name).filter(|path| !self.fs.is_program(path)) {
            return self.run_path(&path, arguments);
        }
        let line = self.line.clone();
        if self.events.len() < 4_096 {
            self.events.push(ShellEvent::UnknownCommand { name: name.to_owned(), line });
        }
        if self.dialect().is_bash() {
            self.complain(&format!("{name}: command not found"))?;
        } else {
            self.complain(&format!("{name}: not found"))?;
        }
        Ok(127)
    }

    /// Runs a command given by path.
    fn run_path(&mut self, path: &str, arguments: &[String]) -> Status {
        let stat = match self.fs.stat(path) {
            Ok(stat) => stat,
            Err(Errno::NotFound | Errno::NotDirectory) if !self.dialect().is_bash() => {
                self.complain(&format!("{path}: not found"))?;
                return Ok(127);
            }
            Err(error) => {
                self.complain(&format!("{path}: {error}"))?;
                return Ok(if error == Errno::NotFound { 127 } else { 126 });
            }
        };
        if stat.kind == Kind::Directory {
            let reason = if self.dialect().is_bash() { "Is a directory" } else { "Permission denied" };
            self.complain(&format!("{path}: {reason}"))?;
            return Ok(126);
        }
        if self.fs.access(path, 1).is_err() {
            self.complain(&format!("{path}: Permission denied"))?;
            return Ok(126);
        }
        if are_too_long(arguments) {
            self.complain(&format!("{path}: Argument list too long"))?;
            return Ok(126);
        }
        let resolved = self.fs.resolve(path, true).unwrap_or_else(|_| path.to_owned());
        if self.fs.is_program(&resolved) {
            let name = crate::fs::name(path).to_owned();
            let run = find(self, &name).map(|command| command.run);
            return match run {
                Some(run) => match answer(self, &name, arguments) {
                    Some(answer) => answer,
                    None => self.invoke(run, arguments),
                },
                None => Ok(0),
            };
        }
        self.nested(|shell| shell.run_file(&resolved, path, arguments))
    }

    /// Runs a file of the peer's: a script by the interpreter, anything executable without visible effect.
    pub(crate) fn run_file(&mut self, resolved: &str, path: &str, arguments: &[String]) -> Status {
        let content = match self.fs.read_file(resolved) {
            Ok(content) => content,
            Err(error) => {
                self.complain(&format!("{path}: {error}"))?;
                return Ok(126);
            }
        };
        self.fs.report(resolved);
        let rest = arguments.get(1..).unwrap_or(&[]);
        self.events.push(ShellEvent::FileExecuted {
            path: resolved.to_owned(),
            arguments: text::head(&rest.join(" "), 1_024),
        });
        if content.starts_with(b"\x7fELF") {
            return self.run_elf(&content, path, arguments);
        }
        if content.is_empty() {
            return Ok(0);
        }
        if content.iter().take(256).any(|byte| *byte == 0) {
            let reason = match self.dialect() {
                Dialect::Dash => "Exec format error",
                _ => "cannot execute binary file: Exec format error",
            };
            self.complain(&format!("{path}: {reason}"))?;
            return Ok(126);
        }
        self.run_script(&text::decode(&content), path, rest)
    }

    fn run_elf(&mut self, content: &[u8], path: &str, arguments: &[String]) -> Status {
        let (class, data, machine) = crate::fs::elf_machine(&self.live.persona.os.machine);
        let bytes: Vec<u8> = content.get(18..20).unwrap_or(&[]).to_vec();
        let found = match bytes.as_slice() {
            [low, high] if content.get(5) == Some(&2) => u16::from_be_bytes([*low, *high]),
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        };
        let compatible = found == machine && content.get(4) == Some(&class) && content.get(5) == Some(&data)
            || machine == 62 && found == 3;
        if !compatible {
            let reason = match self.dialect() {
                Dialect::Ash => "line 1: syntax error: unexpected \"(\"",
                Dialect::Dash => "Exec format error",
                _ => "cannot execute binary file: Exec format error",
            };
            self.complain(&format!("{path}: {reason}"))?;
            return Ok(126);
        }
        self.wait(Duration::from_millis(180))?;
        let pid = self.new_pid();
        let process = Process {
            pid,
            parent: 1,
            user: self.live.user.clone(),
            tty: "?".into(),
            state: "Ssl",
            started: self.live.now(),
            ticks: 0,
            virtual_kib: 2_400 + content.len() as u64 / 1024,
            resident_kib: 900,
            command: arguments.join(" "),
        };
        let mut started = self.live.started.lock();
        if started.len() < 64 {
            started.push(process);
        }
        Ok(0)
    }

    /// Runs the text of a script in a shell of its own.
    pub(crate) fn run_script(&mut self, source: &str, path: &str, arguments: &[String]) -> Status {
        if interpreter_of(source).is_some_and(|name| Dialect::of_program(name, self.live.flavour).is_none()) {
            self.wait(Duration::from_millis(300))?;
            return Ok(0);
        }
        let named = interpreter_of(source).and_then(|name| Dialect::of_program(name, self.live.flavour));
        let dialect = named.unwrap_or_else(|| {
            if self.dialect() == Dialect::Bash { Dialect::Bash } else { Dialect::of_sh(self.live.flavour) }
        });
        self.run_as(path, dialect, Reading::File, arguments, &[], source)
    }

    /// Runs a text as a shell of its own does.
    pub(crate) fn run_as(
        &mut self,
        name: &str,
        dialect: Dialect,
        reading: Reading,
        arguments: &[String],
        options: &[char],
        source: &str,
    ) -> Status {
        let saved = self.save();
        let interactive = std::mem::take(&mut self.interactive);
        let outer = (self.line_number, self.evaluating, self.loops, self.calls, self.guarded);
        (self.evaluating, self.loops, self.calls, self.guarded) = (0, 0, 0, 0);
        self.new_program(name, reading, dialect);
        let state = self.state_mut();
        state.positional = arguments.to_vec();
        state.options = options.iter().copied().filter(|option| *option != 'P').collect();
        state.pipefail = options.contains(&'P');
        let result = self.run_text_from(source, 1);
        let result = match result {
            Err(Flow::Exit(status) | Flow::Return(status) | Flow::Abort(status)) => {
                self.status = status;
                Ok(status)
            }
            other => other,
        };
        let result = result.map(|_| {
            self.run_exit_trap();
            self.status
        });
        (self.line_number, self.evaluating, self.loops, self.calls, self.guarded) = outer;
        self.interactive = interactive;
        self.restore(saved);
        result
    }
}

/// The program that the first line of a script names.
fn interpreter_of(source: &str) -> Option<&str> {
    let line = source.lines().next()?.strip_prefix("#!")?;
    line.split_whitespace().map(crate::fs::name).find(|part| *part != "env")
}

/// Whether the kernel refuses to start a program with these.
fn are_too_long(arguments: &[String]) -> bool {
    arguments.iter().map(|word| word.len() + 9).sum::<usize>() > ARGUMENTS
}

/// Where a program is found in `PATH`.
pub(crate) fn command_path(shell: &Shell, name: &str) -> Option<String> {
    if name.contains('/') {
        return shell.fs.access(name, 1).is_ok().then(|| name.to_owned());
    }
    let path = shell.variable("PATH").unwrap_or("/usr/bin:/bin").to_owned();
    path.split(':').map(|folder| join(if folder.is_empty() { "." } else { folder }, name)).find(|candidate| {
        shell.fs.stat(candidate).is_ok_and(|stat| stat.kind == Kind::File)
            && shell.fs.access(candidate, 1).is_ok()
    })
}
