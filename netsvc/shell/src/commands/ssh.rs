//! `ssh` and `sshpass`: logins where a way of the node leads. The terminal is handed over to what runs there.

use super::{
    Run,
    network::{attempt, connect, refuse_within},
    options::{Options, options},
    own, rest,
};
use crate::{
    fs::join,
    interpret::{Entered, Flow, Shell, Socket, Status},
    reach::{Asked, NoWay, Tried},
    text,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] = &[("ssh", ssh), ("sshpass", sshpass)];

/// Options of ssh(1).
const SHORT: &str = "+1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy";
/// Passwords that are asked for (`NumberOfPasswordPrompts`).
const PROMPTS: usize = 3;
/// How long a command there may say nothing.
const PATIENCE: Duration = Duration::from_secs(120);
/// Status of ssh where it is not that of what ran.
const FAILED: i32 = 255;

/// What one call asks for.
struct Call {
    host: String,
    user: String,
    port: u16,
    command: Option<String>,
    /// Before and after the host.
    options: [Options; 2],
}

fn ssh(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.outward.way.leads()
        || rest(arguments).is_empty()
        || rest(arguments).iter().any(|word| word == "-V")
    {
        return connect(shell, arguments);
    }
    let Some(call) = Call::of(shell, arguments)? else { return Ok(FAILED) };
    let carries = ["W", "J", "D", "L", "R", "w"].iter().any(|flag| call.has(flag));
    let Some(found) = shell.outward.way.find(&call.host).filter(|_| !carries) else {
        let port = call.port.to_string();
        attempt(shell, format!("tcp://{}:{port}", call.host), arguments.join(" "));
        return refuse_within(shell, "ssh", &call.host, &port, call.limit());
    };
    let target = format!("{}@{}:{}", call.user, call.host, call.port);
    let mut entered = match shell.outward.take_entered(&target) {
        Some(entered) => entered,
        None => {
            attempt(shell, format!("tcp://{}:{}", call.host, call.port), arguments.join(" "));
            let user = text::encode(&call.user);
            let entering = shell.outward.waiting(|way, _| way.log_in(&call.host, call.port, &user));
            match entering.unwrap_or(Err(Some(NoWay::Silence))) {
                Ok(login) => {
                    shell.meet(&call.host);
                    Entered { target, login: Some(login), ..Entered::default() }
                }
                Err(why) => return call.refused(shell, why),
            }
        }
    };
    let address = found.address.to_string();
    let result = call.steps(shell, &mut entered, &address);
    if !matches!(result, Err(Flow::Suspend(_))) {
        // It is over; should the pipeline run again, that stays so.
        entered.login = None;
    }
    shell.outward.keep_entered(entered);
    result
}

impl Call {
    /// Reads the words; `None`: they are wrong, and it was told.
    fn of(shell: &mut Shell, arguments: &[String]) -> Result<Option<Call>, Flow> {
        let Some(before) = options(shell, arguments, SHORT, &[])? else { return Ok(None) };
        let Some((host, more)) = before.operands.split_first() else {
            return connect(shell, arguments).map(|_| None);
        };
        let words: Vec<String> = std::iter::once("ssh".to_owned()).chain(more.iter().cloned()).collect();
        let Some(after) = options(shell, &words, SHORT, &[])? else { return Ok(None) };
        let host = host.strip_prefix("ssh://").unwrap_or(host);
        let (named, host) = host.rsplit_once('@').map_or((None, host), |(user, host)| (Some(user), host));
        let (host, command) = (host.to_owned(), after.operands.join(" "));
        let user = named.map(str::to_owned);
        let mut call = Call {
            host,
            user: shell.user().to_owned(),
            port: 22,
            command: (!command.is_empty()).then_some(command),
            options: [before, after],
        };
        if let Some(user) = call.value('l').or_else(|| call.setting("user")).or(user) {
            call.user = user;
        }
        let port = call.value('p').or_else(|| call.setting("port"));
        match port.as_deref().map(super::nc::port) {
            None => {}
            Some(Some(port)) => call.port = port,
            Some(None) => {
                let port = port.unwrap_or_default();
                return shell.err(&format!("Bad port '{port}'\n")).map(|()| None);
            }
        }
        Ok(Some(call))
    }

    fn has(&self, flag: &str) -> bool {
        flag.chars().any(|flag| self.options.iter().any(|options| options.has(flag)))
    }

    fn value(&self, flag: char) -> Option<String> {
        self.options.iter().find_map(|options| options.value(flag)).map(str::to_owned)
    }

    /// The value of `-o NAME=VALUE`, in small letters unless it is a name.
    fn setting(&self, name: &str) -> Option<String> {
        let mut all = self.options.iter().flat_map(|options| options.values('o'));
        all.find_map(|setting| {
            let (found, value) = setting.split_once(['=', ' '])?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    fn is_set(&self, name: &str, value: &str) -> bool {
        self.setting(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    fn quiet(&self) -> bool {
        self.has("q") || self.is_set("loglevel", "quiet") || self.is_set("loglevel", "error")
    }

    /// How long a connection may take (`ConnectTimeout`).
    fn limit(&self) -> Option<Duration> {
        self.setting("connecttimeout").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs)
    }

    /// What ssh says of a connection that there is not.
    fn refused(&self, shell: &mut Shell, why: Option<NoWay>) -> Status {
        let Call { host, port, .. } = self;
        let limit = self.limit().unwrap_or(Duration::from_secs(131));
        let takes = match why {
            Some(NoWay::Nobody) => Duration::from_millis(3_060),
            Some(NoWay::Silence) => limit,
            Some(NoWay::Refused) | None => Duration::from_millis(2),
        };
        shell.wait(takes.min(limit))?;
        let text = match why {
            Some(why) => {
                let why = if takes < limit || why == NoWay::Refused { why } else { NoWay::Silence };
                format!("ssh: connect to host {host} port {port}: {}\n", why.text())
            }
            None => "kex_exchange_identification: Connection closed by remote host\n".to_owned(),
        };
        shell.err(&text)?;
        Ok(FAILED)
    }

    fn steps(&self, shell: &mut Shell, entered: &mut Entered, address: &str) -> Status {
        if !self.trusts(shell, entered, address)? {
            shell.err("Host key verification failed.\n")?;
            return Ok(FAILED);
        }
        if !self.logs_in(shell, entered)? {
            return Ok(FAILED);
        }
        self.runs(shell, entered)
    }

    /// Whether the host's key is known, or is taken for known.
    fn trusts(&self, shell: &mut Shell, entered: &mut Entered, address: &str) -> Result<bool, Flow> {
        let Some((kind, key)) = entered.login.as_ref().map(|login| login.host_key()) else {
            // It was known before the login.
            return self.asks_for_key(shell, entered, address);
        };
        if entered.key.is_none() {
            let name =
                if self.port == 22 { self.host.clone() } else { format!("[{}]:{}", self.host, self.port) };
            let line = format!("{name} {kind} {}", base64::engine::general_purpose::STANDARD.encode(&key));
            let file = join(&home(shell), ".ssh/known_hosts");
            let known = shell.fs.read_file(&file).map(|bytes| text::decode(&bytes)).unwrap_or_default();
            entered.known = known.lines().any(|known| known.trim() == line);
            entered.fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&key)));
            entered.kind = match kind.as_str() {
                "ssh-ed25519" => "ED25519".to_owned(),
                "ssh-rsa" => "RSA".to_owned(),
                _ => "ECDSA".to_owned(),
            };
            entered.key = Some(line);
        }
        self.asks_for_key(shell, entered, address)
    }

    fn asks_for_key(&self, shell: &mut Shell, entered: &mut Entered, address: &str) -> Result<bool, Flow> {
        let lax = self.is_set("stricthostkeychecking", "no")
            || self.is_set("stricthostkeychecking", "off")
            || self.is_set("stricthostkeychecking", "accept-new");
        if entered.known {
            return Ok(true);
        }
        let host = &self.host;
        if !lax {
            if self.is_set("stricthostkeychecking", "yes") {
                let kind = &entered.kind;
                shell.err(&format!(
                    "No {kind} host key is known for {host} and you have requested strict checking.\n"
                ))?;
                return Ok(false);
            }
            if !shell.in_is_terminal() || self.is_set("batchmode", "yes") {
                return Ok(false);
            }
            let mut prompt = format!(
                "The authenticity of host '{host} ({address})' can't be established.\n\
                 {} key fingerprint is {}.\nThis key is not known by any other names.\n\
                 Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
                entered.kind, entered.fingerprint
            );
            loop {
                let answer = shell.question(&prompt, false)?;
                match answer.trim() {
                    answer if answer.eq_ignore_ascii_case("yes") || answer == entered.fingerprint => break,
                    answer if answer.eq_ignore_ascii_case("no") => return Ok(false),
                    _ => "Please type 'yes', 'no' or the fingerprint: ".clone_into(&mut prompt),
                }
            }
        }
        let forgets = self.setting("userknownhostsfile").is_some_and(|file| file == "/dev/null");
        if !std::mem::replace(&mut entered.added, true) && !forgets {
            self.remember(shell, entered);
        }
        if !self.quiet() {
            let kind = &entered.kind;
            shell.err(&format!(
                "Warning: Permanently added '{host}' ({kind}) to the list of known hosts.\n"
            ))?;
        }
        Ok(true)
    }

    /// Adds the host's key to those that the user knows. Where that cannot be written it is not known the next time.
    fn remember(&self, shell: &mut Shell, entered: &Entered) {
        let folder = join(&home(shell), ".ssh");
        let file = join(&folder, "known_hosts");
        let mut known = shell.fs.read_file(&file).map(|bytes| bytes.to_vec()).unwrap_or_default();
        known.extend(text::encode(entered.key.as_deref().unwrap_or_default()));
        known.push(b'\n');
        if !shell.fs.exists(&folder) {
            let _ = shell.fs.mkdir(&folder, 0o700);
        }
        let _ = shell.fs.write_file(&file, &known, 0o600);
    }

    /// Asks for passwords until one lets the user in.
    fn logs_in(&self, shell: &mut Shell, entered: &mut Entered) -> Result<bool, Flow> {
        let Call { user, host, .. } = self;
        let given = shell.outward.given_password.clone();
        // Who may not be asked offers no password at all.
        let batch = self.is_set("batchmode", "yes");
        let asks = shell.in_is_terminal() && !batch;
        let prompts = match given {
            _ if batch => 0,
            Some(_) => 1,
            None => PROMPTS,
        };
        for number in 0..prompts {
            let password = match &given {
                Some(password) => password.clone(),
                None if asks => shell.question(&format!("{user}@{host}'s password: "), true)?,
                None => String::new(),
            };
            let known = given.is_some() || asks;
            let tried = if number < entered.tried || !known {
                Tried::Again
            } else {
                match &mut entered.login {
                    None if entered.gone => Tried::Gone,
                    // It has been opened since.
                    None => Tried::In,
                    Some(_) if entered.inside => Tried::In,
                    Some(login) => login.password(&text::encode(&password)),
                }
            };
            match tried {
                Tried::In => {
                    entered.inside = true;
                    return Ok(true);
                }
                Tried::Gone => {
                    entered.gone = true;
                    shell.err(&format!("Connection closed by {host} port {}\n", self.port))?;
                    return Ok(false);
                }
                Tried::Again => {
                    entered.tried = entered.tried.max(number + 1);
                    if number + 1 < prompts {
                        shell.err("Permission denied, please try again.\n")?;
                    }
                }
            }
        }
        shell.err(&format!("{user}@{host}: Permission denied (publickey,password).\n"))?;
        Ok(false)
    }

    /// Runs the command, or a shell.
    fn runs(&self, shell: &mut Shell, entered: &mut Entered) -> Status {
        let terminal = (self.command.is_none() || self.has("t")) && !self.has("T") && shell.in_is_terminal();
        if let Some((status, output)) = entered.done.clone() {
            return shell.write(1, &output).map(|()| status);
        }
        let handed = (shell.at_terminal() || shell.streams()) && !self.has("n");
        let Some(login) = entered.login.take() else {
            // Without the terminal nothing was handed over: then it is what was not kept.
            let ended = if handed { shell.relayed() } else { None };
            let Some(status) = ended else { return Ok(FAILED) };
            if terminal && !self.quiet() {
                shell.err(&format!("Connection to {} closed.\n", self.host))?;
            }
            return Ok(status);
        };
        if self.has("N") {
            // Nothing runs, and nothing ends it.
            return Err(Flow::Exhausted);
        }
        let asked = terminal.then(|| Asked {
            name: shell.variable("TERM").unwrap_or("xterm").to_owned(),
            size: shell.tty.window,
        });
        let command = self.command.as_deref().map(text::encode);
        let Some(wire) = login.open(command.as_deref(), asked) else { return Ok(FAILED) };
        if handed {
            return shell.relay(wire);
        }
        let socket = Socket::new(wire);
        if !self.has("n") && (!shell.in_is_session() || shell.session_ended()) {
            let input = shell.read_all()?;
            if !input.is_empty() {
                socket.send(&input);
            }
        }
        socket.end();
        let output = shell.receive(&socket, PATIENCE, |_| false)?;
        let status = socket.status().unwrap_or(FAILED);
        entered.done = Some((status, output.clone()));
        shell.write(1, &output).map(|()| status)
    }
}

fn home(shell: &Shell) -> String {
    shell.variable("HOME").unwrap_or("/root").to_owned()
}

/// `sshpass`: gives the program that it runs a password.
fn sshpass(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "+p:f:d:eP:vhV", &[])? else { return Ok(1) };
    if options.operands.is_empty() {
        let text = format!(
            "Usage: {} [-f|-d|-p|-e] [-hV] command parameters\n   -f filename   Take password to use from file\n   \
             -d number     Use number as file descriptor for getting password\n   \
             -p password   Provide password as argument (security unwise)\n   \
             -e            Password is passed as env-var \"SSHPASS\"\n   \
             With no parameters - password will be taken from stdin\n",
            own(arguments)
        );
        return shell.err(&text).map(|()| 1);
    }
    let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let password = if let Some(password) = options.value('p') {
        password.to_owned()
    } else if let Some(path) = options.value('f') {
        first(shell.fs.read_file(path).map(|bytes| text::decode(&bytes)).unwrap_or_default())
    } else if options.has('e') {
        match shell.variable("SSHPASS") {
            Some(password) => password.to_owned(),
            None => {
                let text = "sshpass: -e option given but SSHPASS environment variable not set\n";
                return shell.err(text).map(|()| 3);
            }
        }
    } else {
        shell.read_line()?.map(first).unwrap_or_default()
    };
    let before = shell.outward.given_password.replace(password);
    let status = shell.run_wrapped(&options.operands);
    shell.outward.given_password = before;
    match status {
        // It tells a wrong password and an unknown host apart from what ssh says (sshpass(1)).
        Ok(FAILED) => Ok(5),
        other => other,
    }
}
