//! SET: variables of a session and of the server.

use crate::{Answer, Fault, Value, ast::Expression, evaluate::scoped, work::Work};

/// Most system variables that a session sets.
const SETTINGS: usize = 256;
/// System variables that nobody sets while the server runs.
const READ_ONLY: &[&str] = &[
    "basedir",
    "character_set_system",
    "datadir",
    "have_ssl",
    "have_symlink",
    "hostname",
    "innodb_buffer_pool_size",
    "license",
    "log_bin",
    "log_error",
    "lower_case_table_names",
    "performance_schema",
    "plugin_dir",
    "port",
    "protocol_version",
    "secure_file_priv",
    "socket",
    "system_time_zone",
    "tmpdir",
    "version",
    "version_comment",
    "version_compile_machine",
    "version_compile_os",
];
/// System variables that the whole server has.
const GLOBAL: &[&str] = &[
    "general_log",
    "general_log_file",
    "init_connect",
    "innodb_file_per_table",
    "local_infile",
    "max_connections",
    "read_only",
    "slow_query_log_file",
];

impl Work<'_> {
    /// SET.
    pub(crate) fn set(&mut self, list: &[(bool, String, Expression)]) -> Result<Answer, Fault> {
        for (system, name, expression) in list {
            if *system {
                self.set_system(name, expression)?;
            } else {
                let value = self.machine().value(expression, None)?;
                self.session.remember(name, value);
            }
        }
        Ok(Answer::done(0))
    }

    fn set_system(&mut self, name: &str, expression: &Expression) -> Result<(), Fault> {
        let (bare, global) = scoped(name);
        let Some(known) = self.facts.variable(bare) else {
            return Err(Fault::UnknownVariable(bare.to_owned()));
        };
        if READ_ONLY.contains(&bare) {
            return Err(Fault::FixedVariable(bare.to_owned()));
        }
        if !global && GLOBAL.contains(&bare) {
            return Err(Fault::GlobalVariable(bare.to_owned()));
        }
        let key = (global, bare.to_owned());
        let value = match expression {
            // A bare word is a value here.
            Expression::Column(None, None, word) => Value::text(word),
            expression => self.machine().value(expression, None)?,
        };
        let word = value.string();
        let value = match (known, word.to_ascii_uppercase().as_str()) {
            (_, "DEFAULT") => {
                self.session.settings.remove(&key);
                return Ok(());
            }
            (Value::Integer(_), "ON") => Value::Integer(1),
            (Value::Integer(_), "OFF") => Value::Integer(0),
            (Value::Integer(_), _) => Value::Integer(value.integer()),
            _ => Value::text(word),
        };
        if self.session.settings.len() < SETTINGS || self.session.settings.contains_key(&key) {
            if global && GLOBAL.contains(&bare) {
                self.session.settings.insert((false, bare.to_owned()), value.clone());
            }
            self.session.settings.insert(key, value);
        }
        Ok(())
    }
}
