//! Deployment INIs that are whole, and fleets written back.

use crate::ini_errors::OPTIONS;
use decnet_model::{
    archetype::ARCHETYPES,
    catalogue,
    fleet::{Decky, DeckyName, Filter, Fleet, Network},
    runtime::Runtime,
    tarpit::Tarpit,
};
use decnet_plan::{
    coherence,
    ini::{
        TEXT_LIMIT,
        deploy::{self, FILE_LIMIT, Options},
        host, syntax, write,
    },
    plan,
};
use netsvc_persona::{
    LoginPolicy, Peers, Servers,
    stage::ServiceSpec,
    tables::{firewalls, systems::SYSTEMS},
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

fn fleet(text: &str) -> Fleet {
    deploy::fleet("f.ini", text.as_bytes(), &OPTIONS).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn decky<'a>(fleet: &'a Fleet, name: &str) -> &'a Decky {
    fleet.deckies.get(&name.parse::<DeckyName>().unwrap()).unwrap()
}

const WHOLE: &str = "\u{feff}; a fleet\r\n[general]\r\nruntime = native\r\nnet = 192.0.2.0/24   # office\r\n\
gw = 192.0.2.1\r\ninterface = eth0\r\nmutate_interval = 30\r\nseed = 100%\r\ndomain = corp.example\r\n\r\n\
[web]\r\nAmount = 3\r\nservices = http, ftp\r\n[web.http]\r\ntitle = \"50 % off # today; \"\"really\"\"\"\r\n\
[web-02.http]\r\ntitle = a#b\r\n\
[db]\r\nip = 192.0.2.3 ; fixed\r\nservices = redis\r\ndistro = alpine\r\nnmap_os = linux\r\nhostname = DB1\r\n\
mac = 52-54-00-AA-bb-01\r\nseed = s\r\nlogin = accept-after=3\r\nmutate-interval = 5\r\n\
[db.redis]\r\npersistence = Yes\r\n[pc]\r\narchetype = windows-server\r\n";

#[test]
fn a_whole_file_is_read() {
    let fleet = fleet(WHOLE);
    let addresses: Vec<_> =
        fleet.deckies.values().map(|decky| (decky.name.as_str(), decky.ip.to_string())).collect();
    let wanted = [
        ("db", "192.0.2.3"),
        ("pc", "192.0.2.6"),
        ("web-01", "192.0.2.2"),
        ("web-02", "192.0.2.4"),
        ("web-03", "192.0.2.5"),
    ];
    assert_eq!(addresses, wanted.map(|(name, ip)| (name, ip.to_owned())));
    assert_eq!(
        (fleet.runtime.name(), fleet.seed.as_deref(), fleet.mutate_interval),
        ("native", Some("100%"), Some(30))
    );
    let title = |name| {
        decky(&fleet, name).services.iter().find_map(|spec| spec.settings.get("title").cloned()).unwrap()
    };
    assert_eq!(
        (title("web-01"), title("web-02")),
        ("50 % off # today; \"really\"".to_owned(), "a#b".to_owned())
    );
    let db = decky(&fleet, "db");
    assert_eq!(
        (db.system.as_str(), db.mac.as_deref(), &db.login),
        ("alpine319", Some("52:54:00:aa:bb:01"), &LoginPolicy::AcceptAfter(3))
    );
    assert_eq!(db.services[0].settings.get("persistence").map(String::as_str), Some("Yes"));
    assert_eq!(decky(&fleet, "pc").archetype.as_deref(), Some("windows-server"));
}

#[test]
fn a_firewall_is_on_off_or_as_the_system_has_it() {
    let check = |distro: &str, value: &str, on: bool| {
        let text = format!("[a]\nservices = http\ndistro = {distro}\nfirewall = {value}");
        let fleet = fleet(&text);
        assert_eq!(decky(&fleet, "a").firewall, on, "{distro} {value}");
        assert_eq!(write::ini(&fleet).unwrap().contains("firewall = on"), on);
    };
    for (distro, usual) in [("debian", false), ("rocky9", true), ("windows10", true), ("ubuntu22", false)] {
        check(distro, "on", true);
        check(distro, "off", false);
        check(distro, "default", usual);
    }
    assert!(!decky(&fleet("[a]\nservices = http\ndistro = rocky9"), "a").firewall);
}

#[test]
fn a_group_of_drawn_kinds_has_each_once_before_one_comes_again() {
    let text = "[general]\nseed = x\n[lab]\narchetype = random\namount = 40\n[lab.ssh]\nbanner = Keep out\n";
    let drawn = fleet(text);
    let kinds: Vec<_> = drawn.deckies.values().filter_map(|decky| decky.archetype.clone()).collect();
    let first: BTreeSet<_> = kinds.iter().take(ARCHETYPES.len()).collect();
    assert_eq!((kinds.len(), first.len()), (40, ARCHETYPES.len().min(40)));
    assert_eq!(fleet(text), drawn);
    assert_ne!(fleet(&text.replace("seed = x", "seed = y")), drawn);
    assert_eq!(fleet(&write::ini(&drawn).unwrap()), drawn);
    let ssh: Vec<_> = drawn
        .deckies
        .values()
        .flat_map(|decky| decky.services.iter().filter(|spec| spec.slug == "ssh"))
        .collect();
    assert!(!ssh.is_empty() && ssh.iter().all(|spec| spec.settings["banner"] == "Keep out"));
    for line in ["services = http", "distro = debian", "nmap_os = linux"] {
        let text = format!("[lab]\narchetype = random\n{line}\n");
        let errors = deploy::fleet("f.ini", text.as_bytes(), &OPTIONS).unwrap_err();
        assert!(errors.len() == 1 && errors[0].to_string().contains("archetype = random"), "{errors:#?}");
    }
}

#[test]
fn a_group_is_numbered_as_wide_as_its_amount() {
    let fleet = fleet("[a]\nservices = http\namount = 100\n[b]\nservices = redis\namount = 1\n");
    assert!(fleet.deckies.keys().any(|name| name.as_str() == "a-007"));
    assert_eq!(decky(&fleet, "b").ip.to_string(), "127.66.0.101");
}

#[test]
fn settings_of_a_name_do_not_reach_names_that_begin_with_it() {
    let fleet = fleet("[web]\nservices = http\n[web-prod-01]\nservices = http\n[web.http]\ntitle = x\n");
    assert_eq!(decky(&fleet, "web").services[0].settings.len(), 1);
    assert_eq!(decky(&fleet, "web-prod-01").services[0].settings.len(), 0);
}

#[test]
fn the_runtime_of_the_command_line_goes_first() {
    let options = Options { runtime: Some(Runtime::Native), network: "192.0.2.0/24".parse().ok(), ..OPTIONS };
    let fleet =
        deploy::fleet("f", b"[general]\nruntime = loopback\n[a]\nservices = http\n", &options).unwrap();
    assert_eq!((fleet.runtime.name(), fleet.network.to_string().as_str()), ("native", "192.0.2.0/24"));
}

#[test]
fn the_largest_fleet_is_written_and_read() {
    let many = "[very-long-name-of-a-group]\narchetype = database-server\namount = 10000\n\
                login = accept-after=100\n";
    let written = write::ini(&fleet(many)).unwrap();
    assert!(TEXT_LIMIT < written.len() && written.len() < FILE_LIMIT);
    let options = Options { limit: FILE_LIMIT, ..OPTIONS };
    let read = deploy::fleet("f", written.as_bytes(), &options).unwrap();
    assert_eq!(write::ini(&read).unwrap(), written);
}

/// Settings of a service that its kinds allow.
fn settings(slug: &str, text: &str, on: bool) -> BTreeMap<String, String> {
    let service = catalogue::find(slug).unwrap();
    let value = |kind: &str, range: &str| match kind {
        "bool" => if on { "on" } else { "No" }.to_owned(),
        "int" => range.split("..").next().unwrap_or_default().to_owned(),
        "enum" => range.split('|').next_back().unwrap_or_default().to_owned(),
        // Accounts contradict most login policies; they have a test of their own.
        "admin_password" | "account" | "account_password" => String::new(),
        _ => text.to_owned(),
    };
    let settings = service.settings.iter().filter(|_| on || !text.is_empty());
    settings.map(|one| (one.key.clone(), value(&one.kind, &one.range))).collect()
}

/// Texts that try the quotes, without control characters.
fn line() -> impl Strategy<Value = String> {
    prop_oneof!["[ \t#;\"'%=\\[\\]a-z]{0,12}", "\\PC{0,20}"]
        .prop_filter("one line", |text| !text.contains(|c: char| c.is_control() && c != '\t'))
}

fn some_decky() -> impl Strategy<Value = Decky> {
    let machine = (0..SYSTEMS.len(), prop::option::of(0..ARCHETYPES.len()), any::<bool>());
    let slugs = prop::sample::subsequence(catalogue::services(), 1..3);
    let names =
        (prop::option::of("[A-Za-z0-9]([A-Z0-9-]{0,10}[a-z0-9])?"), any::<bool>(), prop::option::of(line()));
    let rest = (prop::option::of(1..1001_u32), prop::option::of(1..525_601_u32), line(), any::<bool>());
    (machine, slugs, names, rest).prop_map(|(machine, slugs, names, (login, interval, text, on))| {
        let archetype = machine.1.map(|index| &ARCHETYPES[index]);
        let system = archetype.map_or(SYSTEMS[machine.0].id, |archetype| archetype.systems[0]);
        let (slugs, absent): (Vec<String>, Vec<String>) = match archetype.filter(|_| machine.2) {
            Some(archetype) => archetype
                .services
                .iter()
                .map(|&slug| slug.to_owned())
                .filter(|slug| coherence::given(Some(archetype), system, slug))
                .partition(|slug| catalogue::find(slug).is_some()),
            None => {
                let runs = |slug: &String| coherence::fits(system, None, [slug.as_str()]);
                let fit = apart(slugs.iter().map(|service| service.slug.clone()).filter(runs).collect());
                let any = || catalogue::services().iter().map(|service| service.slug.clone()).find(runs);
                (if fit.is_empty() { any().into_iter().collect() } else { fit }, Vec::new())
            }
        };
        let service = |slug: &String| ServiceSpec { slug: slug.clone(), settings: settings(slug, &text, on) };
        let listed = LoginPolicy::AcceptListed;
        let shown = coherence::login(system, slugs.iter().map(String::as_str), &listed) == listed;
        let family = SYSTEMS.iter().find(|known| known.id == system).map_or("", |known| known.family);
        honoured(Decky {
            name: "x".parse().unwrap(),
            placed: None,
            ip: [0, 0, 0, 0].into(),
            system: system.to_owned(),
            archetype: archetype.map(|archetype| archetype.slug.to_owned()),
            services: slugs.iter().map(service).collect(),
            absent,
            hostname: names.0,
            mac: names.1.then(String::new),
            seed: names.2,
            login: login.filter(|_| shown).map_or(LoginPolicy::Deny, |count| {
                if count % 2 == 0 { LoginPolicy::AcceptListed } else { LoginPolicy::AcceptAfter(count) }
            }),
            mutate_interval: interval,
            face: None,
            ambient: (0 < machine.0 % 3).then_some(on),
            withdraw: (machine.0 % 4 == 1).then_some(on),
            dhcp: machine.2,
            servers: Servers { dns: some_servers(machine.0), ntp: some_servers(machine.0 / 3) },
            tarpit: some_tarpit(machine.0, on),
            generation: 0,
            firewall: on && Filter::On.on(system) && firewalls::find(family, system).is_some(),
            updates: BTreeMap::new(),
            plant: if on { vec!["env:/srv/app/.env".parse().unwrap()] } else { Vec::new() },
        })
    })
}

/// Without those that want a port of another before them: such a decky is refused, of which there is a test of its own.
fn apart(slugs: Vec<String>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let free = |slug: &String| {
        let ports = &catalogue::find(slug).unwrap().ports;
        let ports: Vec<_> = ports.iter().map(|port| (port.transport, port.port)).collect();
        ports.iter().all(|port| !taken.contains(port)) && {
            taken.extend(ports);
            true
        }
    };
    slugs.into_iter().filter(free).collect()
}

/// Without the settings that its products cannot show, of which there is a test of its own.
fn honoured(mut decky: Decky) -> Decky {
    let all = decky.services.clone();
    let of = |key: &str| {
        let mut values = all.iter().filter_map(|spec| spec.settings.get(key));
        values.find(|value| !value.is_empty()).map_or("", String::as_str)
    };
    for spec in &mut decky.services {
        let service = catalogue::find(&spec.slug).unwrap();
        spec.settings.retain(|key, value| {
            let mut limits =
                service.settings.iter().filter(|one| one.key == *key).flat_map(|one| &one.limits);
            !limits.any(|limit| limit.refuses(value, &decky.system, of))
        });
    }
    decky
}

/// Something about whom it keeps waiting.
fn some_tarpit(draw: usize, on: bool) -> Tarpit {
    Tarpit {
        on: draw.is_multiple_of(3).then_some(on),
        sources: (0..3).take(draw % 4).map(|net| Peers::of([10, 9, net, 0].into(), 24)).collect(),
        services: if draw % 5 == 1 { vec!["ssh".to_owned(), "smtp".to_owned()] } else { Vec::new() },
    }
}

/// Up to three servers outside of every segment.
fn some_servers(draw: usize) -> Vec<Ipv4Addr> {
    (1..4).take(draw % 4).map(|host| [10, 9, 0, host].into()).collect()
}

fn some_fleet() -> impl Strategy<Value = Fleet> {
    let general =
        (prop::option::of(line()), prop::option::of("[a-z]{1,5}\\.example"), prop::option::of(1..9_u32));
    let deckies = prop::collection::vec(some_decky(), 1..8);
    (general, deckies, any::<bool>(), any::<u8>()).prop_map(
        |((seed, domain, interval), list, native, start)| {
            let network: Network = if native { "192.0.2.0/23" } else { "127.66.0.0/16" }.parse().unwrap();
            let addresses: Vec<_> = network.hosts().skip(usize::from(start)).take(list.len()).collect();
            let mut deckies = BTreeMap::new();
            for (index, (mut decky, ip)) in list.into_iter().zip(addresses).enumerate() {
                decky.name = format!("d{}-{index}", index * 7 % 5).parse().unwrap();
                decky.ip = ip;
                decky.mac = decky.mac.map(|_| format!("00:1b:21:00:00:{index:02x}"));
                decky.hostname = decky.hostname.map(|name| format!("{name}{index}"));
                deckies.insert(decky.name.clone(), decky);
            }
            let gateway = native.then(|| [192, 0, 3, 254].into());
            let interface = native.then(|| "eth0".to_owned());
            let runtime = if native { Runtime::Native } else { Runtime::Loopback };
            Fleet {
                runtime,
                network: Network { gateway, interface, ..network },
                seed,
                domain,
                mutate_interval: interval,
                ambient: (start % 3 == 0).then_some(native),
                withdraw: (start % 4 == 1).then_some(!native),
                servers: Servers {
                    dns: some_servers(start.into()),
                    ntp: some_servers(usize::from(start) / 2),
                },
                tarpit: some_tarpit(usize::from(start) / 3, native),
                lab: native && start % 2 == 0,
                custom: Vec::new(),
                parallel: None,
                ipvlan: (start % 5 == 2).then_some(false),
                deckies,
            }
        },
    )
}

proptest! {
    #[test]
    fn a_fleet_that_is_written_reads_as_the_same_fleet(wanted in some_fleet()) {
        let text = write::ini(&wanted).unwrap();
        let read = deploy::fleet("f", text.as_bytes(), &OPTIONS);
        prop_assert_eq!(read, Ok(wanted), "{}", text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = deploy::fleet("f", &bytes, &OPTIONS);
        let _ = host::values("f", &bytes, &[("web.port", "DECNET_WEB_PORT")]);
    }

    #[test]
    fn any_text_is_read_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                "\\PC{0,20}",
                "\\[(general|web|web-01|web\\.http|custom-x|a\\.b\\.c)\\]?",
                "(ip|services|amount|net|gw|title|nmap_os|archetype) ?= ?\
                 (127\\.66\\.0\\.[0-9]|http|[0-9]{1,6}|\"|'|printer|127.0.0.0/30)",
            ],
            0..20,
        ),
        ending in prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\0")],
    ) {
        let text = lines.join(ending);
        if let Ok(sections) = syntax::parse("f", text.as_bytes(), TEXT_LIMIT) {
            prop_assert!(sections.iter().all(|section| !section.name.is_empty()));
        }
        let _ = deploy::fleet("f", text.as_bytes(), &OPTIONS);
    }
}

#[test]
fn a_planned_fleet_is_written_and_read() {
    let request = plan::Request {
        count: 40,
        archetype: Some("web-server".to_owned()),
        services: Vec::new(),
        randomize_services: true,
        distros: Vec::new(),
        randomize_distros: true,
        network: "127.66.0.0/16".parse().unwrap(),
        ip_start: None,
        taken: BTreeSet::new(),
        seed: Some("x".to_owned()),
        runtime: Runtime::Loopback,
        login: LoginPolicy::AcceptListed,
        life: Default::default(),
        firewall: Default::default(),
    };
    for wanted in [plan::fleet(&request).unwrap(), plan::demonstration(&request).unwrap()] {
        assert_eq!(fleet(&write::ini(&wanted).unwrap()), wanted);
    }
}

#[test]
fn the_lowest_addresses_are_given_out_last_when_asked() {
    let options = Options { skipped: 4, ..OPTIONS };
    let text = b"[general]\nnet = 127.9.0.0/29\n[a]\nservices = http\namount = 4\n";
    let fleet = deploy::fleet("f", text, &options).unwrap();
    let addresses: Vec<_> = fleet.deckies.values().map(|decky| decky.ip.to_string()).collect();
    assert_eq!(addresses, ["127.9.0.5", "127.9.0.6", "127.9.0.1", "127.9.0.2"]);
}

#[test]
fn the_file_of_the_readme_is_whole() {
    let readme = include_str!("../../../../README.md");
    let text = readme.split("```ini\n").nth(1).unwrap().split("```").next().unwrap();
    let fleet = fleet(text);
    assert_eq!(fleet.deckies.len(), 5);
    assert_eq!(decky(&fleet, "jump").services[0].settings["password"], "Winter2024");
    let password = decky(&fleet, "db").services.iter().find_map(|spec| spec.settings.get("password"));
    assert_eq!(password.map(String::as_str), Some("s3cret;100%"));
}

#[test]
fn what_older_files_say_is_read() {
    let text = "[custom-shop]\nbinary = shop:1\nexec = run --fast\nports = 80, 8443\n\
                [Web_1.x]\nservices = ssh, shop\n[Web_1.x.ssh]\npassword = Winter2024\nuser = bob\nhostname = SRV1\n\
                banner = Authorized use only\n[dc.corp]\narchetype = windows-server\nnmap_os = windows\n\
                [corp.mail]\nservices = smtp\namount = 2\n";
    let fleet = fleet(text);
    let names: Vec<_> = fleet.deckies.keys().map(DeckyName::as_str).collect();
    assert_eq!(names, ["Web_1.x", "corp.mail-01", "corp.mail-02", "dc.corp"]);
    let first = decky(&fleet, "Web_1.x");
    assert_eq!(
        (first.hostname.as_deref(), first.absent.as_slice()),
        (Some("SRV1"), &["shop".to_owned()][..])
    );
    assert_eq!(first.services[0].settings["password"], "Winter2024");
    assert_eq!(
        (fleet.custom[0].command.as_deref(), &fleet.custom[0].ports[..]),
        (Some("run --fast"), &[80, 8443][..])
    );
    assert_eq!(self::fleet(&write::ini(&fleet).unwrap()), fleet);
}

#[test]
fn a_decky_of_containers_alone_is_read_where_there_are_containers() {
    let text = "[general]\nruntime = docker\nnet = 192.0.2.0/24\n[custom-shop]\nbuild = /srv/shop\n\
                exec = /bin/shop -v\n\
                ports = 8080, 161/udp\nenv = NAME=Corner Shop, LANG=C\nlog = /var/log/shop/a.log\n\
                credential = \"user (?P<user>\\S+) password (?P<password>.*)\"\nsource = ^(\\S+)\n\
                capabilities = CAP_SETUID, setgid\n\
                writable = /var/lib/shop\nmemory = 64\n[web]\nservices = shop\n";
    let fleet = fleet(text);
    let shop = &fleet.custom[0];
    assert_eq!((shop.image.as_str(), shop.build.as_deref()), ("custom-shop:latest", Some("/srv/shop")));
    assert_eq!((&shop.ports[..], &shop.udp_ports[..]), (&[8080][..], &[161][..]));
    assert_eq!((shop.env["NAME"].as_str(), shop.memory), ("Corner Shop", Some(64)));
    assert_eq!(shop.credential.as_deref(), Some("user (?P<user>\\S+) password (?P<password>.*)"));
    assert_eq!(shop.capabilities, ["SETUID", "SETGID"]);
    let web = decky(&fleet, "web");
    assert!(web.services.is_empty() && fleet.brought(web).count() == 1);
    assert_eq!(self::fleet(&write::ini(&fleet).unwrap()), fleet);
}

#[test]
fn accounts_that_settings_name_get_in() {
    use decnet_model::{logins, persona::derive::derive};
    let fleet = fleet(
        "[a]\nservices = ssh, telnet\ndistro = debian\n[a.ssh]\npassword = Winter2024\n[a.telnet]\nuser = bob\n\
         user_password = x\n",
    );
    let decky = decky(&fleet, "a");
    let slugs = decky.slugs();
    let mut persona = derive(&decky.request(&fleet.network, &slugs, &[0; 32], &fleet, 0)).unwrap();
    let before = persona.users.len();
    logins::apply(decky, &mut persona);
    let of = |name: &str| {
        let user = persona.users.iter().find(|user| user.name == name).unwrap();
        (user.uid, user.home.clone(), user.password.as_ref().map(|secret| secret.0.clone()))
    };
    assert_eq!(of("root"), (0, "/root".to_owned(), Some("Winter2024".to_owned())));
    assert_eq!((of("bob").1, of("bob").2), ("/home/bob".to_owned(), Some("x".to_owned())));
    assert_eq!(persona.users.len(), before + 1);
    for (text, part) in [
        (
            "[a]\nservices = ssh, telnet\n[a.ssh]\npassword = x\n[a.telnet]\npassword = y\n",
            "different passwords",
        ),
        ("[a]\nservices = ssh\nlogin = deny\n[a.ssh]\npassword = x\n", "only login = accept-listed"),
        ("[a]\nservices = ssh\n[a.ssh]\nuser_password = x\n", "without user"),
        ("[a]\nservices = ssh\n[a.ssh]\nuser = a b\n", "a name for an account"),
        ("[Web]\nservices = ssh\n[web]\nservices = ssh\n", "in case only"),
    ] {
        let errors = deploy::fleet("f.ini", text.as_bytes(), &OPTIONS).unwrap_err();
        assert!(errors.iter().any(|error| error.to_string().contains(part)), "{errors:#?}");
    }
}
