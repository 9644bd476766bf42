//! What every help ends with: an example or two, and what the exit code means.

/// Exit code of a wrong command line, configuration or condition (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;

/// What exit codes mean, for every help that has none of its own.
const CODES: &str = "Exit codes: 0 done, 1 failed, 64 wrong usage";

/// Examples by verb.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("decnet", &["decnet demo", "decnet deploy --config fleet.ini", "decnet events --follow"]),
    (
        "alerts",
        &["decnet alerts set siem --target https://siem.lan/hook --severity high", "decnet alerts test siem"],
    ),
    ("agent", &["decnet agent", "decnet agent --daemon"]),
    ("agent trust-key", &["decnet agent trust-key release.key.pub"]),
    (
        "alerts mute",
        &[
            "decnet alerts mute --network 192.0.2.0/28 --hours 02:00-04:00 --reason 'our own scanner'",
            "decnet alerts mute --all --minutes 60 --reason 'the switch is replaced'",
        ],
    ),
    ("alerts retry", &["decnet alerts retry 17"]),
    (
        "alerts set",
        &[
            "decnet alerts set chat --target https://chat.lan/hooks/KEY --format mattermost --quiet 22:00-06:30",
            "decnet alerts set siem --target syslog+udp://siem.lan --severity low --per-hour 500",
            "cat file | decnet alerts set mail --target smtps://ids@mail.lan.org/soc@lan.org --secret-stdin",
        ],
    ),
    ("alerts test", &["decnet alerts test siem --json"]),
    ("alerts unmute", &["decnet alerts unmute 3"]),
    ("artifacts", &["decnet artifacts list --since 1d", "decnet artifacts get SHA256 -o sample.bin"]),
    (
        "artifacts get",
        &[
            "decnet artifacts get SHA256 -o sample.bin",
            "decnet artifacts get SHA256 --zip -o sample.zip",
            "decnet artifacts get SHA256 -o - | file -",
        ],
    ),
    ("artifacts list", &["decnet artifacts list --decky web-01 --json"]),
    ("attackers", &["decnet attackers --since 7d", "decnet attackers --src 192.0.2.7 --json"]),
    (
        "attackers profiles",
        &["decnet attackers profiles --risk 50", "decnet attackers profiles --behaviour interactive --json"],
    ),
    ("attackers show", &["decnet attackers show 192.0.2.7", "decnet attackers show 192.0.2.7 --json"]),
    ("audit", &["decnet audit web-01", "decnet audit --all"]),
    ("enrich", &["decnet enrich status", "decnet enrich lookup 198.51.100.7", "decnet enrich --daemon"]),
    ("enrich countries", &["decnet enrich countries", "decnet enrich countries --json"]),
    ("enrich lookup", &["decnet enrich lookup 198.51.100.7 --json", "decnet enrich lookup SHA256"]),
    ("enrich status", &["decnet enrich status", "decnet enrich status --json"]),
    ("backup", &["decnet backup /srv/backup/decnet-2026-11-30.tar.gz"]),
    ("breadcrumbs", &["decnet breadcrumbs export -o crumbs"]),
    (
        "breadcrumbs export",
        &["decnet breadcrumbs export -o crumbs --decky web-01", "decnet breadcrumbs export -o crumbs --json"],
    ),
    ("campaigns", &["decnet campaigns list", "decnet campaigns explain 17"]),
    ("campaigns decisions", &["decnet campaigns decisions --all --json"]),
    ("campaigns explain", &["decnet campaigns explain 17", "decnet campaigns explain 17 42"]),
    ("campaigns list", &["decnet campaigns list --risk 50 --since 7d --json"]),
    ("campaigns merge", &["decnet campaigns merge 17 42 --reason 'the same ransom note'"]),
    ("campaigns pin", &["decnet campaigns pin 17"]),
    ("campaigns show", &["decnet campaigns show 17 --json"]),
    ("campaigns split", &["decnet campaigns split 17 42 --reason 'a different victim'"]),
    ("campaigns undo", &["decnet campaigns undo 3"]),
    ("emailgen", &["decnet emailgen", "decnet emailgen --daemon"]),
    (
        "learn",
        &[
            "decnet learn --pcap segment.pcap -o learned.ini",
            "decnet learn --interface eth0 --seconds 600 -n 12",
        ],
    ),
    ("letters", &["decnet letters list", "decnet letters list --sender lstein --json"]),
    ("letters list", &["decnet letters list -n 20", "decnet letters list --sender lstein --json"]),
    ("letters show", &["decnet letters show 0123456789abcdef01234567"]),
    ("personas", &["decnet personas list", "decnet personas export -o people.yaml"]),
    (
        "personas export",
        &[
            "decnet personas export -o people.yaml",
            "decnet personas export --domain corp.local --format json",
        ],
    ),
    ("personas import", &["decnet personas import people.yaml"]),
    ("personas list", &["decnet personas list", "decnet personas list --domain corp.local --json"]),
    ("personas show", &["decnet personas show lstein", "decnet personas show lstein --json"]),
    ("canary", &["decnet canary create docx --memo 'on the share of finance'", "decnet canary"]),
    (
        "canary create",
        &[
            "decnet canary create ssh-key --user deploy --target build01 -o id_ed25519",
            "decnet canary create email --target corp.example --json",
        ],
    ),
    ("canary download", &["decnet canary download abcdefghijklmnopqr -o report.docx"]),
    ("canary hits", &["decnet canary hits --json", "decnet canary hits abcdefghijklmnopqr"]),
    ("canary kinds", &["decnet canary kinds", "decnet canary kinds --json"]),
    ("canary list", &["decnet canary list --decky web-01", "decnet canary list --all --json"]),
    ("canary plant", &["decnet canary plant abcdefghijklmnopqr web-01 '~/.aws/credentials'"]),
    ("canary revoke", &["decnet canary revoke abcdefghijklmnopqr"]),
    ("canary show", &["decnet canary show abcdefghijklmnopqr --json"]),
    ("canary test", &["decnet canary test abcdefghijklmnopqr"]),
    ("canary unplant", &["decnet canary unplant abcdefghijklmnopqr"]),
    (
        "capture",
        &[
            "decnet capture web-01 -w web-01.pcap --seconds 60",
            "decnet capture web-01 -w - -c 100 | tcpdump -nr -",
        ],
    ),
    ("completions", &["decnet completions bash > /etc/bash_completion.d/decnet"]),
    ("config", &["decnet config show", "decnet config check"]),
    ("correlate", &["decnet correlate decnet.log", "journalctl -o cat | decnet correlate - --format json"]),
    ("creds", &["decnet creds list --service ssh", "decnet creds export --format words > words.txt"]),
    (
        "creds export",
        &[
            "decnet creds export --format hashcat --only 11200 > mysql.hashes",
            "decnet creds export --format words --since 7d > words.txt",
        ],
    ),
    ("creds list", &["decnet creds list --secret-kind plaintext --since 1d", "decnet creds list --json"]),
    ("db", &["decnet db check", "decnet db backup store.copy"]),
    ("db backup", &["decnet db backup store.copy"]),
    ("db restore", &["decnet db restore store.copy --i-know-what-im-doing"]),
    ("db reset", &["decnet db reset", "decnet db reset --i-know-what-im-doing"]),
    (
        "decky",
        &["decnet decky service add web-01 ftp", "decnet decky service set db-01 redis password=s3cr3t"],
    ),
    ("decky service", &["decnet decky service add web-01 ftp"]),
    ("decky service add", &["decnet decky service add db-01 redis password=s3cr3t"]),
    ("decky service remove", &["decnet decky service remove web-01 ftp"]),
    ("decky service set", &["decnet decky service set db-01 redis password=s3cr3t"]),
    (
        "decky tarpit",
        &["decnet decky tarpit web-01 on --sources 10.0.0.0/8", "decnet decky tarpit web-01 default"],
    ),
    ("deinit", &["decnet deinit --dry-run", "decnet deinit --purge"]),
    ("demo", &["decnet demo", "decnet demo --attack --exit --json"]),
    (
        "deploy",
        &[
            "decnet deploy --config fleet.ini",
            "decnet deploy --archetype random --lab",
            "decnet deploy --mode swarm --deckies 40 --archetype linux-server --on site=berlin",
        ],
    ),
    ("docs", &["decnet docs", "decnet docs services/ssh", "decnet docs settings"]),
    (
        "release",
        &["decnet release keygen release.key", "decnet release sign --key release.key dist/decnet.tar.gz"],
    ),
    ("release keygen", &["decnet release keygen release.key"]),
    (
        "release sign",
        &[
            "decnet release sign --key release.key dist/decnet-0.2.0-x86_64-linux.tar.gz",
            "decnet release sign --key release.key --number 0.2.0 -o my.release target/release-folder",
        ],
    ),
    ("release trust", &["decnet release trust release.key.pub"]),
    ("release verify", &["decnet release verify --key release.key.pub decnet-0.2.0-x86_64-linux.release"]),
    ("services", &["decnet services", "decnet services show ssh"]),
    (
        "events",
        &[
            "decnet events --follow --class interaction",
            "decnet events --kind auth_attempt --since 1h --json",
        ],
    ),
    (
        "export",
        &[
            "decnet export blocklist --format plain --to block.txt",
            "decnet export stix --since 7d --to bundle.json",
        ],
    ),
    (
        "export blocklist",
        &[
            "decnet export blocklist --min-risk 20 --expires 7d --format plain --to block.txt --force",
            "decnet export blocklist --since 30d --json",
        ],
    ),
    (
        "export misp",
        &[
            "decnet export misp --since 7d --tlp green --to events.json",
            "decnet export misp --feed /srv/www/misp",
        ],
    ),
    ("export navigator", &["decnet export navigator --to layer.json", "decnet export navigator --ics"]),
    ("export stix", &["decnet export stix --since 7d --tlp green --min-risk 20 --to bundle.json"]),
    ("firedrill", &["decnet firedrill", "decnet firedrill --json"]),
    ("identities", &["decnet identities list", "decnet identities explain 192.0.2.7 192.0.2.9"]),
    ("identities decisions", &["decnet identities decisions --all --json"]),
    (
        "identities explain",
        &["decnet identities explain 17", "decnet identities explain 192.0.2.7 192.0.2.9"],
    ),
    ("identities list", &["decnet identities list --risk 50 --since 7d --json"]),
    ("identities merge", &["decnet identities merge 17 42 --reason 'the same mailbox'"]),
    ("identities pin", &["decnet identities pin 17"]),
    ("identities show", &["decnet identities show 192.0.2.7", "decnet identities show 17 --json"]),
    ("identities split", &["decnet identities split 17 192.0.2.9 --reason 'our own scanner'"]),
    ("identities undo", &["decnet identities undo 3"]),
    ("incident", &["decnet incident show 17", "decnet incident ack 17 --assignee eve"]),
    ("incident ack", &["decnet incident ack 17 --note 'asking the owner of the host'"]),
    ("incident close", &["decnet incident close 17 --note 'our own scanner'"]),
    ("incident note", &["decnet incident note 17 'seen in the proxy log too'"]),
    ("incident show", &["decnet incident show 17 --json"]),
    (
        "incidents",
        &[
            "decnet incidents --state new --severity high",
            "decnet incidents --decky web-01 --since 1d --json",
        ],
    ),
    ("image build", &["decnet image build", "decnet image build --no-cache --json"]),
    ("init", &["decnet init --dry-run", "decnet init", "decnet init --verify"]),
    (
        "join",
        &["decnet join master.lan TOKEN --interface eth0 --run", "decnet join --bundle berlin-1.join --run"],
    ),
    ("lab", &["decnet lab up", "decnet lab down"]),
    ("log level", &["decnet log level", "decnet log level info,collector=debug", "decnet log level --reset"]),
    ("man", &["decnet man /usr/local/share/man/man1"]),
    ("mutate", &["decnet mutate --decky web-01", "decnet mutate --all --json"]),
    ("mutations", &["decnet mutations --decky web-01 --since 7d", "decnet mutations --json"]),
    ("orchestrator", &["decnet orchestrator", "decnet orchestrator list --decky web-01 --since 1d"]),
    ("orchestrator list", &["decnet orchestrator list --kind login --json"]),
    ("orchestrator off", &["decnet orchestrator off"]),
    ("orchestrator on", &["decnet orchestrator on", "decnet orchestrator on --rate 150"]),
    ("orchestrator preview", &["decnet orchestrator preview --decky web-01 --day 2026-11-30 --json"]),
    (
        "orchestrator roles",
        &["decnet orchestrator roles > roles.tsv", "decnet orchestrator roles --import roles.tsv"],
    ),
    ("orchestrator show", &["decnet orchestrator show --json"]),
    ("operations", &["decnet operations", "decnet operations --json"]),
    ("persona", &["decnet persona list", "decnet persona show web-01"]),
    ("plan", &["decnet plan --config fleet.ini"]),
    ("probe", &["decnet probe 192.0.2.7", "decnet probe 192.0.2.7 --again --json"]),
    ("reconcile", &["decnet reconcile --once", "decnet reconcile --once --json"]),
    ("redeploy", &["decnet redeploy", "decnet redeploy --json"]),
    ("restore", &["decnet restore decnet-2026-11-30.tar.gz"]),
    ("reuse", &["decnet reuse list --unlisted", "decnet reuse show SHA256"]),
    ("reuse list", &["decnet reuse list --least 5 --since 7d --json"]),
    ("reuse show", &["decnet reuse show SHA256 --json"]),
    ("run", &["decnet run", "decnet run --daemon"]),
    ("sessions", &["decnet sessions list --recorded", "decnet sessions replay ID --speed 4"]),
    ("sessions list", &["decnet sessions list --service ssh --since 1d"]),
    (
        "sessions pcap",
        &["decnet sessions pcap ID -w session.pcap", "decnet sessions pcap ID -w - | tcpdump -nr -"],
    ),
    (
        "sessions replay",
        &["decnet sessions replay ID --speed 4", "decnet sessions replay ID --raw > session.cast"],
    ),
    ("sessions show", &["decnet sessions show ID --json"]),
    ("sniffer", &["decnet sniffer --pcap evidence.pcapng --json", "decnet sniffer --daemon"]),
    ("status", &["decnet status", "decnet status --json"]),
    ("support-bundle", &["decnet support-bundle"]),
    ("swarm", &["decnet swarm enroll --name berlin-1", "decnet swarm list", "decnet swarm check --json"]),
    ("swarm check", &["decnet swarm check", "decnet swarm check --json"]),
    (
        "swarm deckies",
        &["decnet swarm deckies --host berlin-1 --state failed", "decnet swarm deckies --json"],
    ),
    ("swarm decommission", &["decnet swarm decommission --name berlin-1 --yes"]),
    ("swarm drain", &["decnet swarm drain --name berlin-1", "decnet swarm drain --name berlin-1 --undo"]),
    (
        "swarm enroll",
        &[
            "decnet swarm enroll --name berlin-1 --label site=berlin --capacity 200",
            "decnet swarm enroll --name paris-1 --address decnet.example --minutes 10 --json",
            "decnet swarm enroll --name rome-1 --bundle rome-1.join --minutes 1440",
        ],
    ),
    (
        "swarm import",
        &[
            "decnet swarm import berlin-1 /mnt/var/lib/decnet/log/decnet-0000000007.log",
            "decnet swarm import berlin-1 /mnt/var/lib/decnet/log/decnet-0000000007.log --json",
        ],
    ),
    (
        "swarm label",
        &[
            "decnet swarm label --name berlin-1 site=berlin rack-",
            "decnet swarm label --name berlin-1 --weight 2",
        ],
    ),
    ("swarm list", &["decnet swarm list", "decnet swarm list --status unreachable --json"]),
    ("swarm rename", &["decnet swarm rename --name berlin-1 --to berlin-old"]),
    (
        "swarm update",
        &[
            "decnet swarm update --all --dry-run decnet-0.2.0-x86_64-linux.release",
            "decnet swarm update --all --canary 1 decnet-0.2.0-x86_64-linux.release",
            "decnet swarm update --host berlin-1 decnet-0.2.0-x86_64-linux.release --json",
            "decnet swarm update --self decnet-0.2.0-x86_64-linux.release",
        ],
    ),
    ("swarm updates", &["decnet swarm updates --json", "decnet swarm updates --cancel 0123456789ab"]),
    ("swarm teardown", &["decnet swarm teardown --id decky-07", "decnet swarm teardown --all"]),
    ("swarmctl", &["decnet swarmctl", "decnet swarmctl --no-listener --daemon"]),
    ("techniques", &["decnet techniques --since 7d", "decnet techniques --src 192.0.2.7 --json"]),
    ("techniques check", &["decnet techniques check", "decnet techniques check ./my-rules"]),
    ("techniques coverage", &["decnet techniques coverage --json"]),
    ("techniques navigator", &["decnet techniques navigator -o layer.json"]),
    ("techniques rules", &["decnet techniques rules --json"]),
    ("techniques show", &["decnet techniques show T1110.001"]),
    ("timeline", &["decnet timeline --since 1h", "decnet timeline --since 7d --by class --json"]),
    ("token", &["decnet token create siem --scopes read --days 90", "decnet token list --json"]),
    ("token create", &["decnet token create siem --user admin --scopes read --days 90"]),
    ("token revoke", &["decnet token revoke 0123456789abcdef"]),
    ("top", &["decnet top password -n 20", "decnet top attacker --since 7d --json"]),
    ("user", &["decnet user create eve --role analyst", "decnet user link admin"]),
    ("user create", &["decnet user create eve --role analyst"]),
    ("user role", &["decnet user role eve viewer"]),
    ("version", &["decnet version --json"]),
    ("worker", &["decnet worker list", "decnet worker restart collector"]),
    ("worker list", &["decnet worker list --json"]),
    ("worker restart", &["decnet worker restart collector", "decnet worker restart --all"]),
    ("worker start", &["decnet worker start collector"]),
    ("worker stop", &["decnet worker stop alerter mutator"]),
    ("topology", &["decnet topology generate --name corp --depth 3", "decnet topology deploy corp --lab"]),
    ("topology delete", &["decnet topology delete corp", "decnet topology delete corp --force"]),
    (
        "topology deploy",
        &["decnet topology deploy corp --lab", "decnet topology deploy corp --dry-run --json"],
    ),
    (
        "topology edit",
        &[
            "decnet topology edit corp changes.json --expected-version 3",
            "decnet topology edit corp - --json",
        ],
    ),
    (
        "topology export",
        &["decnet topology export corp -o corp.json", "decnet topology export corp --format ini"],
    ),
    (
        "topology generate",
        &["decnet topology generate --name corp --depth 4 --branching 3 --deckies-per-lan 1-3 --seed 7"],
    ),
    ("topology import", &["decnet topology import corp.ini", "decnet topology import - --name other"]),
    ("topology list", &["decnet topology list --json"]),
    (
        "topology mutate",
        &["decnet topology mutate corp add_lan --payload-json '{\"name\":\"lab\"}' --expected-version 1"],
    ),
    ("topology mutations", &["decnet topology mutations corp --state failed"]),
    ("topology show", &["decnet topology show corp", "decnet topology show corp --json"]),
    ("topology teardown", &["decnet topology teardown corp"]),
    ("topology validate", &["decnet topology validate corp --json"]),
    ("teardown", &["decnet teardown --id web-01", "decnet teardown --all"]),
];

/// Adds examples and exit codes to the help of `command` and of all its verbs.
pub fn explain(command: clap::Command) -> clap::Command {
    with(command, "")
}

fn with(command: clap::Command, path: &str) -> clap::Command {
    let own = if path.is_empty() { command.get_name().to_owned() } else { path.to_owned() };
    let examples = examples(&command, path, &own);
    let codes = command.get_after_help().is_none().then_some(CODES);
    let text: Vec<_> = [Some(examples), codes.map(str::to_owned)].into_iter().flatten().collect();
    let before = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let names: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let command = command.after_help(format!("{before}{}", text.join("\n\n")));
    names.into_iter().fold(command, |command, name| {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command.mut_subcommand(name, |verb| with(verb, &path))
    })
}

fn examples(command: &clap::Command, path: &str, own: &str) -> String {
    let found = EXAMPLES.iter().find(|(verb, _)| *verb == own).map(|(_, lines)| lines.to_vec());
    let lines = found
        .map_or_else(|| vec![plain(command, path)], |lines| lines.into_iter().map(str::to_owned).collect());
    format!("Examples:\n  {}", lines.join("\n  "))
}

/// The verb with what it cannot do without.
fn plain(command: &clap::Command, path: &str) -> String {
    let mut line = format!("decnet {path}");
    for needed in command.get_positionals().filter(|arg| arg.is_required_set()) {
        line.push_str(&format!(" {}", needed.get_id().as_str().to_uppercase()));
    }
    line
}

/// All examples.
#[cfg(test)]
pub(crate) fn lines() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().flat_map(|(_, lines)| lines.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helps(command: &mut clap::Command, path: &str, found: &mut Vec<(String, String)>) {
        found.push((path.to_owned(), command.render_help().to_string()));
        for verb in command.get_subcommands_mut().filter(|verb| verb.get_name() != "help") {
            let path = format!("{path} {}", verb.get_name());
            helps(verb, path.trim(), found);
        }
    }

    /// The words of a command line in which `'` quotes.
    fn words(line: &str) -> Vec<&str> {
        let parts = line.split('\'').enumerate();
        parts
            .flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
            .collect()
    }

    #[test]
    fn every_help_has_examples_and_exit_codes_and_every_example_is_a_command() {
        let mut command = explain(crate::cli::command());
        let mut found = Vec::new();
        helps(&mut command, "", &mut found);
        for (path, help) in &found {
            assert!(help.contains("Examples:\n"), "{path}");
            assert!(help.contains("64 wrong usage"), "{path}: {help}");
        }
        for (verb, lines) in EXAMPLES {
            assert!(*verb == "decnet" || found.iter().any(|(path, _)| path == verb), "{verb}");
            for line in *lines {
                let part = line.split(" | ").find(|part| part.starts_with("decnet")).unwrap();
                let words = words(part.split('>').next().unwrap());
                let parsed = command.clone().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }
}
