//! What `sp_configure` shows and changes.

/// An option: number, name, lowest and highest value, the one that it has as delivered, whether it is advanced.
type Option5 = (i64, &'static str, i64, i64, i64, bool);

const OPTIONS: &[Option5] = &[
    (16_387, "SMO and DMO XPs", 0, 1, 1, true),
    (518, "show advanced options", 0, 1, 0, false),
    (16_390, "xp_cmdshell", 0, 1, 0, true),
    (16_391, "Ad Hoc Distributed Queries", 0, 1, 0, true),
    (16_388, "Ole Automation Procedures", 0, 1, 0, true),
    (1562, "clr enabled", 0, 1, 0, false),
    (117, "remote access", 0, 1, 1, false),
    (1576, "remote admin connections", 0, 1, 0, false),
    (1544, "max server memory (MB)", 128, 2_147_483_647, 2_147_483_647, true),
    (1539, "max degree of parallelism", 0, 32_767, 0, true),
    (103, "user connections", 0, 32_767, 0, true),
    (544, "max text repl size (B)", -1, 2_147_483_647, 65_536, false),
    (115, "nested triggers", 0, 1, 1, false),
    (1589, "filestream access level", 0, 2, 0, false),
];

/// The values of a server, as one attacker sees it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Value that is set, and the one in use, of each option.
    values: Vec<(i64, i64)>,
}

/// Why an option is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unchanged {
    Unknown,
    OutOfRange,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { values: OPTIONS.iter().map(|option| (option.4, option.4)).collect() }
    }
}

impl Settings {
    fn place(name: &str) -> Option<usize> {
        let exact = OPTIONS.iter().position(|option| option.1.eq_ignore_ascii_case(name));
        // The beginning of a name is enough if no other begins so.
        let lower = name.to_lowercase();
        let mut begins =
            OPTIONS.iter().enumerate().filter(|(_, option)| option.1.to_lowercase().starts_with(&lower));
        exact.or_else(|| begins.next().filter(|_| !lower.is_empty()).map(|(at, _)| at))
    }

    /// The value in use.
    pub(super) fn in_use(&self, name: &str) -> i64 {
        Self::place(name).and_then(|at| self.values.get(at)).map_or(0, |value| value.1)
    }

    /// Sets a value; what the option is called, and what it was.
    pub(super) fn set(&mut self, name: &str, value: i64) -> Result<(&'static str, i64), Unchanged> {
        let at = Self::place(name).ok_or(Unchanged::Unknown)?;
        let option = OPTIONS.get(at).ok_or(Unchanged::Unknown)?;
        if option.5 && self.in_use("show advanced options") == 0 {
            return Err(Unchanged::Unknown);
        }
        if !(option.2..=option.3).contains(&value) {
            return Err(Unchanged::OutOfRange);
        }
        let kept = self.values.get_mut(at).ok_or(Unchanged::Unknown)?;
        let before = kept.0;
        kept.0 = value;
        Ok((option.1, before))
    }

    /// RECONFIGURE: what is set is in use.
    pub(super) fn install(&mut self) {
        self.values.iter_mut().for_each(|value| value.1 = value.0);
    }

    /// All options: number, name, value that is set, value in use, whether it is advanced.
    pub(super) fn all(&self) -> impl Iterator<Item = (i64, &'static str, i64, i64, bool)> + '_ {
        OPTIONS
            .iter()
            .zip(&self.values)
            .map(|(option, value)| (option.0, option.1, value.0, value.1, option.5))
    }

    /// What `sp_configure` shows, of one option or of all that are shown: name, lowest, highest, set and in use.
    pub(super) fn shown(&self, name: Option<&str>) -> Vec<(&'static str, [i64; 4])> {
        let advanced = self.in_use("show advanced options") != 0;
        let wanted = name.map(Self::place);
        let rows = OPTIONS.iter().zip(&self.values).enumerate().filter(|(at, (option, _))| {
            wanted.is_none_or(|wanted| wanted == Some(*at)) && (advanced || !option.5)
        });
        let mut rows: Vec<_> =
            rows.map(|(_, (option, value))| (option.1, [option.2, option.3, value.0, value.1])).collect();
        rows.sort_by_key(|(name, _)| name.to_lowercase());
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advanced_options_are_there_when_they_are_shown() {
        let mut settings = Settings::default();
        assert_eq!(settings.set("xp_cmdshell", 1), Err(Unchanged::Unknown));
        assert_eq!(settings.set("show advanced", 1), Ok(("show advanced options", 0)));
        assert_eq!(settings.set("xp_cmdshell", 1), Err(Unchanged::Unknown));
        settings.install();
        assert_eq!(settings.set("XP_cmdshell", 1), Ok(("xp_cmdshell", 0)));
        assert_eq!(settings.in_use("xp_cmdshell"), 0);
        settings.install();
        assert_eq!(settings.in_use("xp_cmdshell"), 1);
        assert_eq!(settings.set("xp_cmdshell", 2), Err(Unchanged::OutOfRange));
    }
}
