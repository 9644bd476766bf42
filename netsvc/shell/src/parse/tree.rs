//! The tree of a program.

use crate::{dialect::Dialect, flavour::Flavour};
use std::sync::Arc;

/// Commands one after the other.
pub(crate) type List = Vec<Item>;

/// A chain and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) chain: Chain,
    /// Ended by `&`.
    pub(crate) background: bool,
    /// Whether the line ends with it.
    pub(crate) ends_line: bool,
    /// The text it was made from.
    pub(crate) source: Arc<str>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(Joint, Pipeline)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joint {
    And,
    Or,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    pub(crate) timed: bool,
    pub(crate) commands: Vec<Command>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) body: CommandBody,
    pub(crate) redirects: Vec<Redirect>,
    /// Number of the line that it begins in.
    pub(crate) line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandBody {
    Simple { assignments: Vec<Assignment>, words: Vec<Word> },
    Group(List),
    Subshell(List),
    If { arms: Vec<(List, List)>, otherwise: List },
    For { name: String, words: Option<Vec<Word>>, body: List },
    Select { name: String, words: Option<Vec<Word>>, body: List },
    CountedFor { parts: [String; 3], body: List },
    While { until: bool, condition: List, body: List },
    Case { word: Word, arms: Vec<CaseArm> },
    Function { name: String, body: Arc<Command> },
    Condition(Vec<Word>),
    Arithmetic(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaseArm {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: List,
    pub(crate) falls: Falls,
}

/// What follows an arm of `case` that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Falls {
    /// `;;`: nothing.
    No,
    /// `;&`: the next arm.
    Through,
    /// `;;&`: the next arm that matches.
    Testing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) index: Option<String>,
    pub(crate) append: bool,
    pub(crate) value: Word,
    pub(crate) list: Option<Vec<Word>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) descriptor: Option<u32>,
    pub(crate) kind: RedirectKind,
    pub(crate) target: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    Read,
    Write,
    /// `>|`: even where `set -C` keeps files.
    Force,
    Append,
    ReadWrite,
    DuplicateOut,
    DuplicateIn,
    Both,
    BothAppend,
    /// Here-document or here-string: the word is the text.
    Text,
}

/// A word before expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Unquoted text: split never, but may hold patterns, braces and a tilde.
    Literal(String),
    /// Quoted text.
    Quoted(String),
    Double(Vec<Part>),
    Parameter(Parameter),
    /// Command substitution: its source.
    Command(String),
    Arithmetic(String),
    /// `<(…)`: its source.
    Process(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) index: Option<String>,
    pub(crate) operation: Operation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Plain,
    Length,
    Indirect,
    /// `${!prefix*}`: names that begin so.
    Names,
    /// `:-`, `-`, `:=`, `=`, `:?`, `?`, `:+`, `+`: the sign, whether empty counts as unset, the word.
    Default(char, bool, Word),
    /// `#`, `##`, `%`, `%%`.
    Strip {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `/`, `//`, `/#`, `/%`.
    Replace {
        kind: char,
        pattern: Word,
        replacement: Word,
    },
    Slice(String, Option<String>),
    /// `@Q`, `@U`, `@u`, `@L`, `@E`.
    Transform(char),
    /// `^`, `^^`, `,`, `,,`.
    Case {
        upper: bool,
        all: bool,
    },
    Bad(String),
}

impl Command {
    /// Whether it is `cat` alone, which hands on what it reads.
    pub(crate) fn is_copy(&self) -> bool {
        match &self.body {
            CommandBody::Simple { words, .. } => {
                self.redirects.is_empty()
                    && words.len() == 1
                    && words.first().and_then(Word::literal) == Some("cat")
            }
            _ => false,
        }
    }

    /// Whether it begins a shell that is given no script.
    pub(crate) fn is_shell(&self, flavour: Flavour) -> bool {
        let CommandBody::Simple { words, .. } = &self.body else { return false };
        let last = words.last().and_then(Word::literal).unwrap_or_default();
        Dialect::of_program(last.rsplit('/').next().unwrap_or_default(), flavour).is_some()
    }
}

impl CommandBody {
    /// Whether there is nothing but redirections.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, CommandBody::Simple { assignments, words } if assignments.is_empty() && words.is_empty())
    }
}

impl Word {
    /// The text of a word that has no quotes and no expansions.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}
