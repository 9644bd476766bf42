//! What a pipeline of remote PowerShell is to run, and what it answers, as serialized objects ([MS-PSRP] §2.2.2).

use super::{
    envelope::Envelope,
    psrp::{plain, value},
};

/// Longest script that is run.
const LONGEST: usize = 64 * 1024;

/// Commands that only shape what the one before gives.
const SHAPES: &[&str] = &["out-string", "out-default", "out-host", "format-list", "format-table"];

/// The script that a message to create a pipeline stands for: commands with their arguments, as they would be typed.
pub(super) fn script(data: &str) -> String {
    let envelope = Envelope::read(data);
    let mut script = String::new();
    let mut command = Command::default();
    for (name, attributes, text) in envelope.all() {
        let named = |wanted: &str| attributes.contains(&format!("N=\"{wanted}\""));
        let text = || plain(&text);
        match name {
            "S" if named("Cmd") => command = Command { name: text(), ..Command::default() },
            "B" if named("IsScript") => command.is_script = text() == "true",
            "S" if named("N") => command.arguments.push(format!("-{}", text().trim_matches(['-', ':']))),
            "Nil" | "Obj" => {}
            "B" if named("V") => {}
            _ if named("V") => command.arguments.push(text()),
            "B" if named("EndOfStatement") => {
                command.join(&mut script);
                if text() == "true" && !script.is_empty() {
                    script.push('\n');
                }
                command = Command::default();
            }
            _ => {}
        }
    }
    command.join(&mut script);
    script.chars().take(LONGEST).collect()
}

/// A command of a pipeline.
#[derive(Default)]
struct Command {
    name: String,
    is_script: bool,
    arguments: Vec<String>,
}

impl Command {
    fn join(&self, script: &mut String) {
        let lower = self.name.to_lowercase();
        if self.name.is_empty() || SHAPES.contains(&lower.as_str()) {
            return;
        }
        let runs = ["invoke-expression", "iex"].contains(&lower.as_str());
        let text = match self.arguments.iter().find(|argument| !argument.starts_with('-')) {
            Some(text) if runs => text.clone(),
            _ if self.is_script => self.name.clone(),
            _ => [std::slice::from_ref(&self.name), &self.arguments].concat().join(" "),
        };
        if !script.is_empty() && !script.ends_with('\n') {
            script.push_str(" | ");
        }
        script.push_str(&text);
    }
}

/// What the server can do.
pub(super) const CAPABILITY: &str = "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version>\
    <Version N=\"PSVersion\">2.0</Version><Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>";

/// What it says of itself.
pub(super) fn private_data(build: u32) -> String {
    let version = |key: &str, value: &str| {
        format!("<En><S N=\"Key\">{key}</S><Version N=\"Value\">{value}</Version></En>")
    };
    format!(
        "<Obj RefId=\"0\"><MS><Obj N=\"ApplicationPrivateData\" RefId=\"1\"><TN RefId=\"0\">\
         <T>System.Management.Automation.PSPrimitiveDictionary</T><T>System.Collections.Hashtable</T>\
         <T>System.Object</T></TN><DCT><En><S N=\"Key\">PSVersionTable</S><Obj N=\"Value\" RefId=\"2\">\
         <TNRef RefId=\"0\" /><DCT>{}<En><S N=\"Key\">PSEdition</S><S N=\"Value\">Desktop</S></En>{}{}{}{}{}\
         </DCT></Obj></En></DCT></Obj></MS></Obj>",
        version("PSVersion", &format!("5.1.{build}.1")),
        version("BuildVersion", &format!("10.0.{build}.1")),
        version("CLRVersion", "4.0.30319.42000"),
        version("WSManStackVersion", "3.0"),
        version("PSRemotingProtocolVersion", "2.3"),
        version("SerializationVersion", "1.1.0.1"),
    )
}

/// The state of the pool: 2, it is open.
pub(super) const OPENED: &str = "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">2</I32></MS></Obj>";
/// The state of a pipeline: 4, it is done.
pub(super) const COMPLETED: &str = "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">4</I32></MS></Obj>";

/// A line of output.
pub(super) fn line(text: &str) -> String {
    format!("<S>{}</S>", value(text))
}

/// The record of a command that there is not.
pub(super) fn unknown(name: &str) -> String {
    let name = value(name);
    let text = format!(
        "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. \
         Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    );
    format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>\
         <ToString>{text}</ToString><MS><Obj N=\"Exception\" RefId=\"1\"><TN RefId=\"1\">\
         <T>System.Management.Automation.CommandNotFoundException</T>\
         <T>System.Management.Automation.RuntimeException</T>\
         <T>System.SystemException</T><T>System.Exception</T><T>System.Object</T></TN><ToString>\
         System.Management.Automation.CommandNotFoundException: {text}</ToString><Props><S N=\"CommandName\">{name}</S>\
         <S N=\"Message\">{text}</S></Props></Obj><S N=\"TargetObject\">{name}</S>\
         <S N=\"FullyQualifiedErrorId\">CommandNotFoundException</S><Nil N=\"InvocationInfo\" />\
         <I32 N=\"ErrorCategory_Category\">13</I32><S N=\"ErrorCategory_Activity\"></S>\
         <S N=\"ErrorCategory_Reason\">CommandNotFoundException</S><S N=\"ErrorCategory_TargetName\">{name}</S>\
         <S N=\"ErrorCategory_TargetType\">String</S>\
         <S N=\"ErrorCategory_Message\">ObjectNotFound: ({name}:String) [], \
         CommandNotFoundException</S><B N=\"SerializeExtendedInfo\">false</B></MS></Obj>"
    )
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn pipelines_are_read_as_they_would_be_typed() {
        let command = |name: &str, is_script: bool, arguments: &str, ends: bool| {
            format!(
                "<Obj><MS><S N=\"Cmd\">{name}</S><B N=\"IsScript\">{is_script}</B>\
                 <Obj N=\"Args\"><LST>{arguments}</LST>\
                 </Obj><B N=\"EndOfStatement\">{ends}</B></MS></Obj>"
            )
        };
        let argument = |name: &str, value: &str| {
            let name =
                if name.is_empty() { "<Nil N=\"N\" />".to_owned() } else { format!("<S N=\"N\">{name}</S>") };
            format!("<Obj><MS>{name}{value}</MS></Obj>")
        };
        let whole = |commands: &[String]| {
            format!("<Obj><MS><Obj N=\"Cmds\"><LST>{}</LST></Obj></MS></Obj>", commands.concat())
        };
        let evil = whole(&[
            command(
                "Invoke-expression",
                false,
                &argument("-Command", "<S N=\"V\">whoami_x000A_hostname</S>"),
                false,
            ),
            command("Out-string", false, &argument("-Stream", "<B N=\"V\">true</B>"), false),
        ]);
        assert_eq!(script(&evil), "whoami\nhostname");
        let typed = whole(&[
            command("Get-Process", false, &argument("Name", "<S N=\"V\">lsass</S>"), false),
            command("Select-Object", false, &argument("", "<S N=\"V\">Id</S>"), true),
            command("$a = 1; &quot;x&quot;", true, "", false),
        ]);
        assert_eq!(script(&typed), "Get-Process -Name lsass | Select-Object Id\n$a = 1; \"x\"");
        assert_eq!(script("<Obj>"), "");
    }
}
