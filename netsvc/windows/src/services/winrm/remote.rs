//! Requests of remote PowerShell: a shell that is a pool of runspaces, commands that are pipelines ([MS-PSRP] §3.2).

use super::{
    connection::{Answered, Connection, SHELL, begun, verb},
    envelope::{Envelope, escape},
    fault::Fault,
    login::Who,
    pipeline,
    psrp::{Message, kind},
    run,
    shells::{Pool, Shell},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::Out;
use std::fmt::Write;

impl Connection {
    /// Does what is asked of the resource `uri`, which is one of PowerShell.
    pub(super) fn remote(&self, envelope: &Envelope, uri: &str, who: &Who, out: &mut Out) -> Answered {
        let shell = envelope.named("Selector", "ShellId").unwrap_or_default();
        let action = envelope.text("Action");
        match verb(&action) {
            "Create" => self.create_pool(envelope, uri, who),
            "Command" => {
                let id = self.command_id(envelope);
                let fragments = envelope.texts("Arguments").concat();
                self.take(&shell, &id, &fragments, who, out)?;
                Ok(begun(&id))
            }
            "Send" => {
                let id = envelope.attribute("Stream", "CommandId").unwrap_or_default();
                self.take(&shell, &id, &envelope.text("Stream"), who, out)?;
                Ok((format!("{SHELL}/SendResponse"), "<rsp:SendResponse/>".to_owned()))
            }
            "Receive" => self.fetch(envelope, &shell),
            "Signal" => self.signal(&shell),
            "Delete" => self.delete(&shell),
            _ => Err(Fault::action(&action)),
        }
    }

    fn create_pool(&self, envelope: &Envelope, uri: &str, who: &Who) -> Answered {
        let opening = STANDARD.decode(envelope.text("creationXml")).map_err(|_| Fault::schema())?;
        let mut pool = Pool::new(format!("C:\\Users\\{}\\Documents", who.name));
        let messages = pool.fragments.take(&opening).ok_or_else(Fault::schema)?;
        let begins =
            messages.iter().find(|message| message.kind == kind::INIT_POOL).ok_or_else(Fault::schema)?;
        let build = self.host().persona().os.build;
        for (kind, data) in [
            (kind::CAPABILITY, pipeline::CAPABILITY.to_owned()),
            (kind::PRIVATE_DATA, pipeline::private_data(build)),
            (kind::POOL_STATE, pipeline::OPENED.to_owned()),
        ] {
            pool.say("", &Message { kind, pool: begins.pool, pipeline: [0; 16], data });
        }
        let plain =
            |id: &String| id.len() == 36 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        let id = envelope.attribute("Shell", "ShellId").filter(plain).unwrap_or_else(|| self.identifier());
        self.create(who, uri, Shell::new(id, Some(pool)), ["stdin pr", "stdout"])
    }

    /// Takes fragments in, and runs the pipelines that are whole.
    fn take(
        &self,
        shell: &str,
        command: &str,
        fragments: &str,
        who: &Who,
        out: &mut Out,
    ) -> Result<(), Fault> {
        let bytes = STANDARD.decode(fragments.trim()).map_err(|_| Fault::schema())?;
        let mut shells = self.shells().lock();
        if !shells.fits(bytes.len()) {
            return Err(Fault::quota());
        }
        let pool = shells.get(shell).and_then(|shell| shell.pool.as_mut());
        let pool = pool.ok_or_else(|| Fault::selectors(shell))?;
        let messages = pool.fragments.take(&bytes).ok_or_else(Fault::schema)?;
        for message in messages.into_iter().filter(|message| message.kind == kind::CREATE_PIPELINE) {
            let script = pipeline::script(&message.data);
            let given = run::script_in(self.host(), &who.name, &script, &mut pool.folder, out);
            let mut say = |kind: u32, data: String| {
                pool.say(command, &Message { kind, data, pool: message.pool, pipeline: message.pipeline });
            };
            for one in given {
                match one {
                    Ok(lines) => lines.iter().for_each(|line| say(kind::OUTPUT, pipeline::line(line))),
                    Err(name) => say(kind::ERROR, pipeline::unknown(&name)),
                }
            }
            say(kind::PIPELINE_STATE, pipeline::COMPLETED.to_owned());
            pool.done(command);
        }
        shells.settle();
        Ok(())
    }

    fn fetch(&self, envelope: &Envelope, shell: &str) -> Answered {
        let id = envelope.attribute("DesiredStream", "CommandId").unwrap_or_default();
        let mut shells = self.shells().lock();
        let pool = shells.get(shell).and_then(|shell| shell.pool.as_mut());
        let pool = pool.ok_or_else(|| Fault::selectors(shell))?;
        let (bytes, done) = pool.fetch(&id).ok_or_else(Fault::timed_out)?;
        shells.settle();
        let of = if id.is_empty() { String::new() } else { format!(" CommandId=\"{}\"", escape(&id)) };
        let content = STANDARD.encode(bytes);
        let mut body = format!("<rsp:ReceiveResponse><rsp:Stream Name=\"stdout\"{of}>{content}</rsp:Stream>");
        if done {
            let _ =
                write!(body, "<rsp:CommandState{of} State=\"{SHELL}/CommandState/Done\"></rsp:CommandState>");
        }
        body.push_str("</rsp:ReceiveResponse>");
        Ok((format!("{SHELL}/ReceiveResponse"), body))
    }
}
