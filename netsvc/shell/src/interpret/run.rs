//! Lists, chains, pipelines and compound commands.

use super::{Descriptor, Flow, Input, Shell, Status, pattern::Pattern};
use crate::{
    dialect::{Dialect, Reading},
    parse::{
        CaseArm, Chain, Command, CommandBody, Falls, Item, Joint, List, Pipeline, Program, Word, program,
    },
};
use parking_lot::Mutex;
use std::sync::Arc;

impl Shell {
    /// Parses and runs a text in this shell, counting lines from the running one: `eval`, traps, substitutions.
    pub(crate) fn run_text(&mut self, text: &str) -> Status {
        let first = self.line_number;
        self.run_text_from(text, first)
    }

    /// Parses and runs a text in this shell; its first line has the number `first`.
    pub(crate) fn run_text_from(&mut self, text: &str, first: u32) -> Status {
        self.spend(1 + text.len() as u64 / 512)?;
        let program = program(text, self.dialect(), first, true);
        let lines = text.matches('\n').count() + usize::from(!text.ends_with('\n'));
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        let end = std::mem::replace(&mut self.end_line, first.saturating_add(lines));
        let result = self.nested(|shell| shell.run_program_lines(&program));
        self.end_line = end;
        result
    }

    /// Runs the lines of a program up to the wrong one. An error that ends a line does not end the program.
    fn run_program_lines(&mut self, program: &Program) -> Status {
        self.report_open_documents(program)?;
        let mut aborted = false;
        if program.list.is_empty() {
            self.status = 0;
        }
        for item in &program.list {
            if aborted {
                aborted = !item.ends_line;
                continue;
            }
            let mut at = 0;
            match self.run_item(item, &mut at) {
                Err(Flow::Abort(status)) if self.state.reading != Reading::Terminal => {
                    self.status = status;
                    aborted = !item.ends_line;
                }
                result => result?,
            }
        }
        if let Some(failure) = &program.failure {
            self.report_failure(failure);
            if self.evaluating > 0 && self.dialect() != Dialect::Bash {
                return Err(self.abort(2));
            }
        }
        Ok(self.status)
    }

    /// One level deeper; refuses beyond the bound as a system out of processes does.
    pub(crate) fn nested<T>(&mut self, inner: impl FnOnce(&mut Shell) -> Result<T, Flow>) -> Result<T, Flow> {
        if self.depth >= super::MAX_DEPTH {
            self.complain("fork: retry: Resource temporarily unavailable")?;
            return Err(Flow::Exhausted);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn run_list(&mut self, list: &List) -> Status {
        for item in list {
            let mut pipeline = 0;
            self.run_item(item, &mut pipeline)?;
        }
        Ok(self.status)
    }

    /// Runs an item from its pipeline number `at` on, and keeps `at` at the running one.
    pub(super) fn run_item(&mut self, item: &Item, at: &mut usize) -> Result<(), Flow> {
        if item.background {
            return self.run_background(item);
        }
        self.run_chain(&item.chain, at)
    }

    fn run_chain(&mut self, chain: &Chain, at: &mut usize) -> Result<(), Flow> {
        let top = self.depth == 0;
        let start = *at;
        let all = std::iter::once((None, &chain.first))
            .chain(chain.rest.iter().map(|(joint, pipeline)| (Some(*joint), pipeline)));
        let count = 1 + chain.rest.len();
        for (index, (joint, pipeline)) in all.enumerate() {
            if index < start {
                continue;
            }
            let wanted = index == start && index > 0 && std::mem::take(&mut self.resuming)
                || match joint {
                    None => true,
                    Some(Joint::And) => self.status == 0,
                    Some(Joint::Or) => self.status != 0,
                };
            if !wanted {
                continue;
            }
            *at = index;
            if top {
                self.mark_command();
            }
            let last = index + 1 == count;
            self.guarded += usize::from(!last);
            let result = self.run_pipeline(pipeline);
            self.guarded -= usize::from(!last);
            self.status = result?;
            if std::mem::take(&mut self.endless) {
                return Err(Flow::Exhausted);
            }
            if self.status != 0
                && last
                && !pipeline.negated
                && self.guarded == 0
                && self.state.options.contains(&'e')
            {
                return Err(Flow::Exit(self.status));
            }
        }
        Ok(())
    }

    fn run_background(&mut self, item: &Item) -> Result<(), Flow> {
        let saved = self.save();
        let elapsed = self.elapsed;
        let input = self.descriptors.insert(0, Descriptor::Input(Input::new(Vec::new())));
        let pid = self.new_pid();
        let mut at = 0;
        let guarded = std::mem::take(&mut self.guarded);
        let outer = self.background.replace(self.background.unwrap_or(elapsed));
        // A job may use half of what is left, so that jobs that never end leave something to the others.
        let kept = self.steps / 2;
        self.steps -= kept;
        let result = self.nested(|shell| shell.run_chain(&item.chain, &mut at));
        self.steps += kept;
        self.guarded = guarded;
        self.background = outer;
        if let Some(input) = input {
            self.descriptors.insert(0, input);
        }
        self.restore(saved);
        let took = self.elapsed.saturating_sub(elapsed);
        self.elapsed = elapsed;
        self.sent_at = self.sent_at.min(elapsed);
        self.wait(std::time::Duration::ZERO)?;
        self.last_background = Some(pid);
        let ends = match result {
            Err(Flow::Exhausted) => i64::MAX,
            _ => self.live.now().saturating_add(i64::try_from(took.as_micros()).unwrap_or(i64::MAX)),
        };
        let status = match result {
            Ok(()) => self.status,
            Err(Flow::Exit(status) | Flow::Return(status) | Flow::Abort(status)) => status,
            Err(_) => 0,
        };
        let number = self.add_job(pid, item.source.to_string(), ends, status);
        if self.interactive && self.depth == 0 && self.dialect().is_bash() {
            self.err(&format!("[{number}] {pid}\n"))?;
        }
        self.status = 0;
        Ok(())
    }

    fn run_pipeline(&mut self, pipeline: &Pipeline) -> Status {
        self.spend(1)?;
        let started = self.elapsed;
        let mut status = match self.without_copies(&pipeline.commands) {
            [] => 0,
            [one] => {
                let status = self.run_command(one)?;
                self.stage_statuses = vec![status];
                status
            }
            many => self.run_stages(many)?,
        };
        if pipeline.timed {
            let took = (self.elapsed - started).as_secs_f64() + 0.002;
            let minutes = (took / 60.0).floor();
            self.err(&format!(
                "\nreal\t{minutes}m{:.3}s\nuser\t0m0.001s\nsys\t0m0.001s\n",
                took - minutes * 60.0
            ))?;
        }
        if pipeline.negated {
            status = i32::from(status == 0);
        }
        Ok(status)
    }

    /// The stages of a pipeline one after the other, each with what the one before wrote.
    fn run_stages(&mut self, commands: &[Command]) -> Status {
        let outer_input = self.descriptors.get(&0).cloned();
        let outer_output = self.descriptors.get(&1).cloned();
        let mut status = 0;
        let mut worst = 0;
        let mut statuses = Vec::with_capacity(commands.len());
        let mut result = Ok(());
        for (index, command) in commands.iter().enumerate() {
            let last = index + 1 == commands.len();
            let buffer = Arc::new(Mutex::new(Vec::new()));
            if last {
                if let Some(output) = outer_output.clone() {
                    self.descriptors.insert(1, output);
                }
            } else {
                self.descriptors.insert(1, Descriptor::Buffer(Arc::clone(&buffer)));
            }
            let saved = self.save();
            let stage = self.nested(|shell| shell.run_command(command));
            self.restore(saved);
            match stage {
                Ok(code) => status = code,
                Err(Flow::Exit(code) | Flow::Return(code) | Flow::Abort(code)) => status = code,
                Err(Flow::Pipe) => {
                    status = 141;
                    self.endless = true;
                }
                Err(Flow::Exhausted) if !last && !buffer.lock().is_empty() => {
                    // The stage would write for ever; what reads it takes what there is.
                    status = 141;
                    self.endless = true;
                    self.steps += std::mem::take(&mut self.reserve);
                }
                Err(Flow::Break(_) | Flow::Continue(_)) => {}
                Err(other) => {
                    result = Err(other);
                    break;
                }
            }
            if status != 0 {
                worst = status;
            }
            statuses.push(status);
            if !last {
                let endless = std::mem::take(&mut self.endless);
                let input = Input::endless(std::mem::take(&mut buffer.lock()), endless);
                self.descriptors.insert(0, Descriptor::Input(input));
            }
        }
        for (number, descriptor) in [(0, outer_input), (1, outer_output)] {
            match descriptor {
                Some(descriptor) => self.descriptors.insert(number, descriptor),
                None => self.descriptors.remove(&number),
            };
        }
        result?;
        self.stage_statuses = statuses;
        Ok(if self.state.pipefail { worst } else { status })
    }

    pub(crate) fn run_command(&mut self, command: &Command) -> Status {
        self.line_number = command.line;
        if let CommandBody::Simple { assignments, words } = &command.body {
            return self.run_simple(assignments, words, &command.redirects);
        }
        let before = self.descriptors.clone();
        let mut opened = Vec::new();
        let result = match self.redirect(&command.redirects, &mut opened) {
            Ok(Ok(())) => self.nested(|shell| shell.run_compound(&command.body)),
            Ok(Err(())) => Ok(1),
            Err(flow) => Err(flow),
        };
        self.close_all(opened);
        self.descriptors = before;
        result
    }

    fn run_compound(&mut self, body: &CommandBody) -> Status {
        match body {
            CommandBody::Simple { .. } => Ok(0),
            CommandBody::Group(list) => self.run_list(list),
            CommandBody::Subshell(list) => self.run_subshell(list),
            CommandBody::If { arms, otherwise } => self.run_if(arms, otherwise),
            CommandBody::For { name, words, body } => self.run_for(name, words.as_deref(), body),
            CommandBody::Select { name, words, body } => self.run_select(name, words.as_deref(), body),
            CommandBody::CountedFor { parts, body } => self.run_counted(parts, body),
            CommandBody::While { until, condition, body } => self.run_while(*until, condition, body),
            CommandBody::Case { word, arms } => self.run_case(word, arms),
            CommandBody::Function { name, body } => {
                if self.state.functions.len() < 256 {
                    self.state_mut().functions.insert(name.clone(), Arc::clone(body));
                }
                Ok(0)
            }
            CommandBody::Condition(words) => self.run_condition(words),
            CommandBody::Arithmetic(text) => match self.arithmetic(text)? {
                Some(value) => Ok(i32::from(value == 0)),
                None => Ok(1),
            },
        }
    }

    fn run_guarded(&mut self, list: &List) -> Status {
        self.guarded += 1;
        let result = self.run_list(list);
        self.guarded -= 1;
        result
    }

    fn run_if(&mut self, arms: &[(List, List)], otherwise: &List) -> Status {
        for (condition, body) in arms {
            if self.run_guarded(condition)? == 0 {
                return self.run_list(body);
            }
        }
        // `$?` of the branch is the condition's; without a branch the command has succeeded.
        if otherwise.is_empty() {
            self.status = 0;
        }
        self.run_list(otherwise)
    }

    /// Runs a loop's body once. `Ok(false)`: the loop ends.
    fn run_body(&mut self, body: &List, status: &mut i32) -> Result<bool, Flow> {
        self.spend(1)?;
        self.loops += 1;
        let result = self.run_list(body);
        self.loops -= 1;
        match result {
            Ok(code) => {
                *status = code;
                Ok(true)
            }
            Err(Flow::Break(1)) => Ok(false),
            Err(Flow::Continue(1)) => Ok(true),
            Err(Flow::Break(levels)) => Err(Flow::Break(levels - 1)),
            Err(Flow::Continue(levels)) => Err(Flow::Continue(levels - 1)),
            Err(other) => Err(other),
        }
    }

    fn run_for(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Status {
        let values = match words {
            Some(words) => self.expand_words(words)?,
            None => self.state.positional.clone(),
        };
        let mut status = 0;
        let traced = self.state.options.contains(&'x') && self.dialect().is_bash();
        let list: Vec<String> = values.iter().map(|value| crate::commands::quote(value)).collect();
        for value in values {
            if traced {
                self.err(&format!("+ for {name} in {}\n", list.join(" ")))?;
            }
            self.set_variable(name, &value)?;
            if !self.run_body(body, &mut status)? {
                break;
            }
        }
        self.status = status;
        Ok(status)
    }

    /// `select`: a menu on standard error, an answer from standard input, until that ends.
    fn run_select(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Status {
        let values = match words {
            Some(words) => self.expand_words(words)?,
            None => self.state.positional.clone(),
        };
        if values.is_empty() {
            return Ok(0);
        }
        let rows = values.iter().enumerate();
        let menu: String = rows.map(|(index, value)| format!("{}) {value}\n", index + 1)).collect();
        let mut status = 0;
        let mut show = true;
        loop {
            if show {
                self.err(&menu)?;
            }
            self.err("#? ")?;
            let Some(line) = self.read_line()? else {
                self.out("\n")?;
                return Ok(1);
            };
            let answer = line.trim_end_matches('\n');
            show = answer.is_empty();
            if show {
                continue;
            }
            let number = answer.trim().parse::<usize>().ok();
            let chosen = number.and_then(|number| values.get(number.checked_sub(1)?));
            self.set_variable("REPLY", answer)?;
            self.set_variable(name, chosen.map_or("", String::as_str))?;
            if !self.run_body(body, &mut status)? {
                return Ok(status);
            }
        }
    }

    fn run_counted(&mut self, parts: &[String; 3], body: &List) -> Status {
        let [start, condition, step] = parts;
        let mut status = 0;
        if !start.is_empty() && self.arithmetic(start)?.is_none() {
            return Ok(1);
        }
        loop {
            if !condition.is_empty() {
                match self.arithmetic(condition)? {
                    None => return Ok(1),
                    Some(0) => break,
                    Some(_) => {}
                }
            }
            if !self.run_body(body, &mut status)? {
                break;
            }
            if !step.is_empty() && self.arithmetic(step)?.is_none() {
                return Ok(1);
            }
        }
        self.status = status;
        Ok(status)
    }

    fn run_while(&mut self, until: bool, condition: &List, body: &List) -> Status {
        let mut status = 0;
        let outermost = self.loops == 0 && self.calls == 0;
        loop {
            if outermost {
                self.mark_turn();
            }
            self.loops += 1;
            let condition = self.run_guarded(condition);
            self.loops -= 1;
            if outermost && condition.is_ok() {
                self.mark_body();
            }
            let holds = match condition {
                Ok(code) => (code == 0) != until,
                Err(Flow::Break(1)) => break,
                Err(other) => return Err(other),
            };
            if !holds || !self.run_body(body, &mut status)? {
                break;
            }
        }
        self.status = status;
        Ok(status)
    }

    fn run_case(&mut self, word: &Word, arms: &[CaseArm]) -> Status {
        let text = self.expand_text(word)?;
        let mut falls = Falls::No;
        let mut status = 0;
        for arm in arms {
            let mut matches = falls == Falls::Through;
            for pattern in &arm.patterns {
                if matches {
                    break;
                }
                let pattern = self.expand_pattern(pattern)?;
                matches = Pattern::new(&pattern).matches(&text);
            }
            if matches {
                self.status = 0;
                status = self.run_list(&arm.body)?;
                falls = arm.falls;
                if falls == Falls::No {
                    break;
                }
            }
        }
        Ok(status)
    }
}
