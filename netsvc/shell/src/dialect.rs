//! The languages of shells: one engine, and what each of them has of it.

use crate::flavour::Flavour;

/// Which shell reads and runs a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// GNU bash.
    #[default]
    Bash,
    /// GNU bash that was called `sh`: its words, but POSIX rules.
    BashPosix,
    /// The Debian Almquist shell.
    Dash,
    /// The shell of BusyBox.
    Ash,
}

impl Dialect {
    /// What `/bin/sh` is on a system.
    pub(crate) fn of_sh(flavour: Flavour) -> Dialect {
        match flavour {
            Flavour::Debian | Flavour::Ubuntu => Dialect::Dash,
            Flavour::Redhat => Dialect::BashPosix,
            Flavour::Alpine | Flavour::Busybox => Dialect::Ash,
        }
    }

    /// What a program of this name is; `None`: no shell.
    pub(crate) fn of_program(name: &str, flavour: Flavour) -> Option<Dialect> {
        match name {
            "bash" | "rbash" | "ksh" | "zsh" => Some(Dialect::Bash),
            "sh" => Some(Dialect::of_sh(flavour)),
            "dash" => Some(Dialect::Dash),
            "ash" | "busybox" => Some(Dialect::Ash),
            _ => None,
        }
    }

    /// Arrays, `[[`, `((`, braces, here-strings, process substitution, `select`, `${x^}`.
    pub(crate) fn is_bash(self) -> bool {
        matches!(self, Dialect::Bash | Dialect::BashPosix)
    }

    /// `$'…'`, `${x:1:2}`, `${x/a/b}`, `&>`, the word `function`.
    pub(crate) fn has_extensions(self) -> bool {
        self != Dialect::Dash
    }

    /// Whether aliases are replaced in scripts too.
    pub(crate) fn aliases_in_scripts(self) -> bool {
        self != Dialect::Bash
    }
}

/// Where a shell's program text comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A terminal.
    #[default]
    Terminal,
    /// The argument of `-c`.
    Argument,
    /// A file.
    File,
    /// Standard input that is no terminal.
    Input,
}
