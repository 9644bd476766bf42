//! What actors use: some of it their own, most of it from pools that many share.

use crate::draw::Draw;

/// What an SSH client shows of itself.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) hassh: String,
    pub(crate) version: String,
}

/// A login.
pub(crate) type Pair = (String, String);

/// Something that is left, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Dropper {
    pub(crate) host: String,
    pub(crate) payload: String,
}

/// All that an actor uses.
#[derive(Clone, Debug)]
pub(crate) struct Kit {
    pub(crate) client: Client,
    /// Logins that are tried.
    pub(crate) words: Vec<Pair>,
    /// How many of them in one stay.
    pub(crate) tries: usize,
    /// Whether each stay goes on in the list where the one before ended.
    pub(crate) slices: bool,
    pub(crate) commands: Vec<String>,
    pub(crate) dropper: Option<Dropper>,
    pub(crate) key: Option<String>,
    /// How often, of a hundred stays, it gets in.
    pub(crate) luck: usize,
    /// Decky and login that somebody told of.
    pub(crate) told: Option<(String, Pair)>,
}

/// A malware: all that is infected by it does the same with the same client.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) client: Client,
    pub(crate) commands: Vec<String>,
    /// None: it does with commands alone.
    pub(crate) dropper: Option<Dropper>,
}

/// What many share.
#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) clients: Vec<Client>,
    /// Clients that some use: neither everybody nor one alone.
    pub(crate) seldom: Vec<Client>,
    pub(crate) lists: Vec<Vec<Pair>>,
    pub(crate) bots: Vec<Bot>,
}

impl Pools {
    pub(crate) fn new(draw: &mut Draw) -> Pools {
        let libraries = [
            "SSH-2.0-Go",
            "SSH-2.0-libssh_0.9.6",
            "SSH-2.0-libssh2_1.10.0",
            "SSH-2.0-paramiko_3.4.0",
            "SSH-2.0-PUTTY",
            "SSH-2.0-OpenSSH_9.2p1",
            "SSH-2.0-libssh2_1.11.0",
            "SSH-2.0-OpenSSH_8.9p1",
        ];
        let clients: Vec<Client> =
            libraries.map(|version| Client { hassh: draw.hex(32), version: version.to_owned() }).into();
        let seldom = (0..60).map(|_| rare_client(draw)).collect();
        let lists = (0..8).map(|_| words(draw, 220)).collect();
        let bots = (0..8)
            .map(|_| {
                let commands = (0..4).map(|_| command(draw)).collect();
                let dropper = draw.chance(60).then(|| dropper(draw));
                let client = draw.popular(&clients).cloned().unwrap_or_else(|| rare_client(draw));
                Bot { client, commands, dropper }
            })
            .collect();
        Pools { clients, seldom, lists, bots }
    }

    /// What everybody uses.
    pub(crate) fn common_client(&self, draw: &mut Draw) -> Client {
        draw.popular(&self.clients).cloned().unwrap_or_else(|| rare_client(draw))
    }

    /// What some use.
    pub(crate) fn seldom_client(&self, draw: &mut Draw) -> Client {
        let at = draw.below(self.seldom.len());
        self.seldom.get(at).cloned().unwrap_or_else(|| rare_client(draw))
    }

    /// A list of everybody.
    pub(crate) fn common_words(&self, draw: &mut Draw) -> Vec<Pair> {
        draw.popular(&self.lists).cloned().unwrap_or_default()
    }
}

/// A client that nobody else has: a build of one's own.
pub(crate) fn rare_client(draw: &mut Draw) -> Client {
    let version = format!("SSH-2.0-{}_{}.{}", draw.word(6), draw.below(9), draw.below(20));
    Client { hassh: draw.hex(32), version }
}

/// A list of logins, a third of which everybody has.
pub(crate) fn words(draw: &mut Draw, count: usize) -> Vec<Pair> {
    const NAMES: &[&str] = &["root", "admin", "ubuntu", "oracle", "postgres", "deploy", "test", "git"];
    const SECRETS: &[&str] = &["123456", "admin", "password", "root", "1234", "admin123", "qwerty"];
    (0..count)
        .map(|_| {
            let name = NAMES.get(draw.below(NAMES.len())).copied().unwrap_or_default();
            if draw.chance(33) {
                let secret = SECRETS.get(draw.below(SECRETS.len())).copied().unwrap_or_default();
                return (name.to_owned(), secret.to_owned());
            }
            (name.to_owned(), format!("{}{}", draw.word(6), draw.below(10_000)))
        })
        .collect()
}

/// A command line that nobody else gives.
pub(crate) fn command(draw: &mut Draw) -> String {
    let (one, two) = (draw.word(5), draw.word(7));
    match draw.below(5) {
        0 => format!("chmod +x /tmp/.{one} && /tmp/.{one} -{two}"),
        1 => format!("echo {two} > /var/tmp/.{one}; cat /var/tmp/.{one}"),
        2 => format!("(crontab -l; echo '@reboot /opt/.{one}/{two}') | crontab -"),
        3 => format!("for u in {one} {two}; do id $u; done"),
        _ => format!("tar czf /dev/shm/{one}.tgz /etc/{two}"),
    }
}

/// A server with a payload.
pub(crate) fn dropper(draw: &mut Draw) -> Dropper {
    let host = if draw.chance(50) {
        format!("203.0.{}.{}", draw.between(1, 250), draw.between(1, 250))
    } else {
        format!("{}.example", draw.word(8))
    };
    Dropper { host, payload: draw.hex(64) }
}

/// The fingerprint of a public key.
pub(crate) fn key(draw: &mut Draw) -> String {
    format!("SHA256:{}", draw.word(43))
}
