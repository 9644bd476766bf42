//! Which command may run now: the checks of the server in its order, read from the table's flags.

use super::{
    Client, Reply,
    context::Context,
    table::{self, Command},
    words::{Words, text},
};

/// What the default configuration says to DEBUG.
const PROTECTED: &str = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you \
    can run it from a local connection, otherwise you need to set this option in the configuration file, and then \
    restart the server.";

/// What is called: the command, or the command of its container.
pub(super) fn resolve(words: Words<'_>, version: (u32, u32)) -> Result<&'static Command, Reply> {
    let name = words.at(0).to_ascii_lowercase();
    let Some(command) = table::find(&name, version) else { return Err(unknown(words)) };
    let inner = words.lower(1);
    if version.0 >= 7 && !command.subcommands.is_empty() && words.len() > 1 {
        return command.subcommands.get(&inner).ok_or_else(|| {
            let given: String = text(words.at(1)).chars().take(128).collect();
            let container = command.name.to_uppercase();
            Reply::error(format!("ERR unknown subcommand '{given}'. Try {container} HELP."))
        });
    }
    Ok(command)
}

fn unknown(words: Words<'_>) -> Reply {
    let shown = |word: &[u8], most: usize| {
        // Texts of C end at a NUL.
        let word = word.split(|byte| *byte == 0).next().unwrap_or_default();
        text(word.get(..most.min(word.len())).unwrap_or_default())
    };
    let mut rest = String::new();
    for word in words.from(1) {
        if 128 <= rest.len() {
            break;
        }
        rest.push_str(&format!("'{}' ", shown(word, 128 - rest.len())));
    }
    let name = shown(words.at(0), 128);
    Reply::error(format!("ERR unknown command '{name}', with args beginning with: {rest}"))
}

/// The refusal of a command by what it is and by what the client is doing.
pub(super) fn refuse(
    command: &Command,
    client: &Client,
    words: Words<'_>,
    version: (u32, u32),
) -> Option<Reply> {
    if !command.takes(words.len()) {
        return Some(Reply::arity(&command.name));
    }
    if command.name == "debug" && version >= (7, 0) {
        return Some(Reply::error(PROTECTED));
    }
    if !client.authenticated && !command.has("no_auth") {
        return Some(Reply::error("NOAUTH Authentication required."));
    }
    if client.queue.is_some() && command.has("no_multi") {
        return Some(Reply::error("ERR Command not allowed inside a transaction"));
    }
    let name = command.name.as_str();
    let talks = name.ends_with("subscribe") || matches!(name, "ping" | "quit" | "reset");
    if client.subscribed > 0 && !client.third && !talks {
        return Some(Reply::error(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in \
             this context"
        )));
    }
    None
}

/// The refusal of a write on a replica.
pub(super) fn refuse_write(command: &Command, context: &Context<'_>) -> Option<Reply> {
    let read_only = context.state.config.get("replica-read-only").is_some_and(|value| value == "yes");
    (context.state.master.is_some() && read_only && command.has("write"))
        .then(|| Reply::error("READONLY You can't write against a read only replica."))
}

/// Whether the command runs between MULTI and EXEC instead of being queued.
pub(super) fn immediate(command: &Command) -> bool {
    matches!(command.name.as_str(), "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

/// The refusal of a command that a script calls.
pub(super) fn refuse_in_script(
    context: &Context<'_>,
    words: Words<'_>,
    read_only: bool,
) -> Option<&'static str> {
    let Ok(command) = resolve(words, context.state.version) else {
        return Some("ERR Unknown Redis command called from script");
    };
    if !command.takes(words.len()) {
        return Some("ERR Wrong number of args calling Redis command from script");
    }
    if command.has("noscript") {
        return Some("ERR This Redis command is not allowed from script");
    }
    if read_only && command.has("write") {
        return Some("ERR Write commands are not allowed from read-only scripts.");
    }
    None
}
