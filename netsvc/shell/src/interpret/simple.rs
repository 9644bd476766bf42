//! Simple commands: assignments, functions, built-ins, programs, and files that the peer brought.

use super::{Flow, Shell, Status, state::Variable};
use crate::{
    commands::{Run, find},
    event::ShellEvent,
    fs::{Errno, Kind, join},
    live::Process,
    parse::{Assignment, Command, CommandBody, Redirect, Word, parse},
    text,
};
use std::{sync::Arc, time::Duration};

impl Shell {
    pub(super) fn run_simple(
        &mut self,
        assignments: &[Assignment],
        words: &[Word],
        redirects: &[Redirect],
    ) -> Status {
        self.spend(1)?;
        self.substitution_status = None;
        let mut arguments = match self.expand_words(words) {
            Ok(arguments) => arguments,
            Err(Flow::Return(status)) => {
                return if self.interactive { Ok(status) } else { Err(Flow::Exit(status)) };
            }
            Err(flow) => return Err(flow),
        };
        self.apply_alias(words, &mut arguments);
        let before = self.descriptors.clone();
        let mut opened = Vec::new();
        if self.redirect(redirects, &mut opened)?.is_err() {
            self.close_all(opened);
            self.descriptors = before;
            return Ok(1);
        }
        if self.state.options.contains(&'x') && !(arguments.is_empty() && assignments.is_empty()) {
            let line: Vec<String> =
                arguments.iter().map(|argument| crate::commands::quote(argument)).collect();
            self.err(&format!("+ {}\n", line.join(" ")))?;
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
        self.close_all(opened);
        self.descriptors = before;
        let failed = self.write_error.take();
        match (result, failed, arguments.first()) {
            (Ok(_), Some(error), Some(name)) => {
                self.complain(&format!("{name}: write error: {error}"))?;
                Ok(1)
            }
            (result, _, _) => result,
        }
    }

    fn apply_alias(&mut self, words: &[Word], arguments: &mut Vec<String>) {
        let Some(value) = words.first().and_then(Word::literal).and_then(|name| self.state.aliases.get(name))
        else {
            return;
        };
        if let Ok(list) = parse(value, true) {
            let command =
                list.first().and_then(|item| item.chain.first.commands.first()).map(|command| &command.body);
            if let Some(CommandBody::Simple { words, .. }) = command {
                let words: Vec<String> =
                    words.iter().filter_map(|word| word.literal().map(String::from)).collect();
                arguments.splice(..1, words);
            }
        }
    }

    fn exec_builtin(&mut self, arguments: &[String], assignments: &[Assignment]) -> Status {
        match arguments.split_first() {
            Some((_, rest)) if !rest.is_empty() => {
                let status = self.run_with_assignments(assignments, rest)?;
                Err(Flow::Exit(status))
            }
            _ => Ok(0),
        }
    }

    fn assign_all(&mut self, assignments: &[Assignment]) -> Status {
        for assignment in assignments {
            if !self.assign(assignment)? {
                return Ok(1);
            }
        }
        Ok(self.substitution_status.unwrap_or(0))
    }

    /// Carries out an assignment. `false`: it failed and was complained about.
    pub(crate) fn assign(&mut self, assignment: &Assignment) -> Result<bool, Flow> {
        let name = &assignment.name;
        if let Some(words) = &assignment.list {
            let mut values = if assignment.append {
                self.state
                    .variables
                    .map
                    .get(name)
                    .and_then(|variable| variable.list.clone())
                    .map(|list| list.into_values().collect())
                    .unwrap_or_default()
            } else {
                Vec::new()
            };
            values.extend(self.expand_words(words)?);
            return Ok(self.state_mut().variables.set_list(name, values));
        }
        let mut value = self.expand_text(&assignment.value)?;
        if let Some(index) = &assignment.index {
            let Some(index) = self.arithmetic(index)? else { return Ok(false) };
            return Ok(self.state_mut().variables.set_element(name, index, &value));
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
        for (name, variable) in before {
            let variables = &mut self.state_mut().variables;
            match variable {
                Some(variable) => {
                    variables.map.insert(name, variable);
                }
                None => variables.remove(&name),
            }
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

    /// Runs a built-in or a program, not a function.
    pub(crate) fn run_program(&mut self, arguments: &[String]) -> Status {
        let Some(name) = arguments.first().cloned() else { return Ok(0) };
        if name.contains('/') {
            return self.nested(|shell| shell.run_path(&name, arguments));
        }
        let Some(command) = find(self, &name) else {
            return self.unknown(&name, arguments);
        };
        if !command.builtin {
            // A program that was removed, or is hidden by a file of the peer's, is looked up as a real shell does.
            match command_path(self, &name) {
                Some(path) if self.fs.is_foreign(&path) => {
                    return self.nested(|shell| shell.run_path(&path, arguments));
                }
                Some(_) => {}
                None => return self.unknown(&name, arguments),
            }
        }
        self.invoke(command.run, arguments)
    }

    fn invoke(&mut self, run: Run, arguments: &[String]) -> Status {
        self.nested(|shell| run(shell, arguments))
    }

    fn call(&mut self, body: &Arc<Command>, arguments: &[String]) -> Status {
        let positional = arguments.get(1..).unwrap_or(&[]).to_vec();
        let before = std::mem::replace(&mut self.state_mut().positional, positional);
        self.state_mut().locals.push(Vec::new());
        let result = self.run_command(body);
        let locals = self.state_mut().locals.pop().unwrap_or_default();
        for (name, variable) in locals.into_iter().rev() {
            let variables = &mut self.state_mut().variables;
            match variable {
                Some(variable) => {
                    variables.map.insert(name, variable);
                }
                None => variables.remove(&name),
            }
        }
        self.state_mut().positional = before;
        match result {
            Err(Flow::Return(status)) => Ok(status),
            other => other,
        }
    }

    fn unknown(&mut self, name: &str, arguments: &[String]) -> Status {
        // Files in PATH that the peer put there run by name.
        if let Some(path) = command_path(self, name).filter(|path| self.fs.is_foreign(path)) {
            return self.nested(|shell| shell.run_path(&path, arguments));
        }
        let line = self.line.clone();
        if self.events.len() < 4_096 {
            self.events.push(ShellEvent::UnknownCommand { name: name.to_owned(), line });
        }
        if self.live.flavour.busybox() {
            self.complain(&format!("{name}: not found"))?;
        } else {
            self.complain(&format!("{name}: command not found"))?;
        }
        Ok(127)
    }

    /// Runs a command given by path.
    fn run_path(&mut self, path: &str, arguments: &[String]) -> Status {
        let stat = match self.fs.stat(path) {
            Ok(stat) => stat,
            Err(Errno::NotFound) if self.live.flavour.busybox() => {
                self.complain(&format!("{path}: not found"))?;
                return Ok(127);
            }
            Err(error) => {
                self.complain(&format!("{path}: {error}"))?;
                return Ok(if error == Errno::NotFound { 127 } else { 126 });
            }
        };
        if stat.kind == Kind::Directory {
            self.complain(&format!("{path}: Is a directory"))?;
            return Ok(126);
        }
        if self.fs.access(path, 1).is_err() {
            self.complain(&format!("{path}: Permission denied"))?;
            return Ok(126);
        }
        let resolved = self.fs.resolve(path, true).unwrap_or_else(|_| path.to_owned());
        if self.fs.is_program(&resolved) {
            let name = crate::fs::name(path).to_owned();
            let run = find(self, &name).map(|command| command.run);
            return match run {
                Some(run) => self.invoke(run, arguments),
                None => Ok(0),
            };
        }
        self.run_file(&resolved, path, arguments)
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
            self.complain(&format!("{path}: cannot execute binary file: Exec format error"))?;
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
            let reason = if self.live.flavour.busybox() {
                "line 1: syntax error: unexpected \"(\""
            } else {
                "cannot execute binary file: Exec format error"
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
            seconds: 0,
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
        let first = source.lines().next().unwrap_or("");
        if let Some(interpreter) = first.strip_prefix("#!") {
            let program = interpreter
                .split_whitespace()
                .map(crate::fs::name)
                .find(|part| *part != "env")
                .unwrap_or("sh");
            if !matches!(program, "sh" | "bash" | "ash" | "dash" | "busybox" | "ksh" | "zsh") {
                self.wait(Duration::from_millis(300))?;
                return Ok(0);
            }
        }
        let saved = self.save();
        let state = self.state_mut();
        state.script = Some(path.to_owned());
        state.positional = arguments.to_vec();
        state.options.clear();
        state.aliases.clear();
        let interactive = std::mem::take(&mut self.interactive);
        let result = self.run_lines(source);
        self.interactive = interactive;
        self.restore(saved);
        match result {
            Err(Flow::Exit(status) | Flow::Return(status)) => Ok(status),
            other => other,
        }
    }

    /// Runs a script: what comes before a syntax error still takes effect.
    fn run_lines(&mut self, source: &str) -> Status {
        let mut pending = String::new();
        let mut status = 0;
        for (index, line) in source.lines().enumerate() {
            pending.push_str(line);
            pending.push('\n');
            self.spend(1 + pending.len() as u64 / 1024)?;
            match parse(&pending, false) {
                Err(crate::parse::ParseError::Incomplete(_)) => continue,
                Ok(list) => {
                    self.state_mut().line_number = index + 1;
                    if !list.is_empty() {
                        status = self.nested(|shell| shell.run_list(&list))?;
                    }
                    pending.clear();
                }
                Err(_) => return self.run_text(&pending),
            }
        }
        if pending.trim().is_empty() { Ok(status) } else { self.run_text(&pending) }
    }
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
