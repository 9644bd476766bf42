//! Broken deployment INIs with the errors that they give.

use decnet_model::catalogue;
use decnet_plan::ini::{
    TEXT_LIMIT,
    deploy::{self, Options},
    host,
};
use std::collections::BTreeSet;

/// A broken text with its errors, without the name of the file.
type Case = (&'static str, &'static [&'static str]);

pub(crate) const OPTIONS: Options<'static> = Options {
    runtime: None,
    network: None,
    skipped: 0,
    taken: BTreeSet::new(),
    faces: &decnet_model::nmap::ABSENT,
    limit: TEXT_LIMIT,
};

fn check(text: &[u8], wanted: &[&str]) {
    let errors = deploy::fleet("f.ini", text, &OPTIONS).expect_err(&String::from_utf8_lossy(text));
    let shown: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let known: Vec<_> = catalogue::services().iter().map(|service| service.slug.as_str()).collect();
    let wanted: Vec<_> =
        wanted.iter().map(|one| format!("f.ini:{}", one.replace("{services}", &known.join(", ")))).collect();
    assert_eq!(shown, wanted, "{}", String::from_utf8_lossy(text));
}

const SYNTAX: &[Case] = &[
    ("", &["1: no decky; add a section such as [web] with services = http"]),
    ("[general]\nseed = x\n", &["1: no decky; add a section such as [web] with services = http"]),
    (
        "services = http\n[web]\nservices = http",
        &["1: services stands before any [section]; move it into one"],
    ),
    ("[web\nservices = http", &["1: a section that does not end well; write it as [name]"]),
    ("[web]\nservices = http\n[ ]\n", &["3: a section without a name; write it as [name]"]),
    (
        "[web]\nservices http\n",
        &[
            "1: [web] does not say what it is; add services = or archetype =",
            "2: neither a [section] nor key = value; `#` starts a comment",
        ],
    ),
    (
        "[web]\nservices = http\nmy key = 1",
        &["3: \"my key\" is no key: letters, digits, `-`, `_` and `.`, before the first `=`"],
    ),
    (
        "[web]\nservices = http\nseed = \"abc",
        &["3: seed: the quote is not closed; close it, or put the value in the other quotes"],
    ),
    (
        "[web]\nservices = http\nseed = \"abc\"d",
        &["3: seed: text after the closing quote; double a quote that is part of the value"],
    ),
    (
        "[web]\r\nservices = http\r\nservices = ftp\r\n",
        &["3: services stands in line 2 already; remove one of the two"],
    ),
    (
        "[web]\nservices = http\nmutate_interval=1\nmutate-Interval=2",
        &["4: mutate-Interval stands in line 3 already; remove one of the two"],
    ),
    (
        "[web]\nservices = http\n\n[web]\nservices = ftp",
        &["4: section [web] stands in line 1 already; join the two or rename one"],
    ),
    ("[web]\nservices = http\nseed = a\0b", &["3: a control character; remove it"]),
];

const GENERAL: &[Case] = &[
    (
        "[general]\nnett = 10.0.0.0/8\n[web]\nservices = http",
        &["2: [general] has no key \"nett\" (did you mean \"net\"?); it has: runtime, net, gw, interface, \
             lab, ipvlan, seed, domain, \
         mutate_interval, ambient, withdraw, dns, ntp, tarpit, tarpit_sources, tarpit_services"],
    ),
    (
        "[general]\nnet = 10.0.0.0/33\n[web]\nservices = http",
        &["2: net: \"10.0.0.0/33\" is no network; write it as 192.168.1.0/24"],
    ),
    (
        "[general]\nnet = 10.0.0.0/8\n[web]\nservices = http",
        &["2: net: \"10.0.0.0/8\" is not in 127.0.0.0/8, which the runtime loopback needs"],
    ),
    (
        "[general]\nruntime = podman\n[web]\nservices = http",
        &["2: runtime: \"podman\" is no runtime; there are: loopback, native, docker"],
    ),
    (
        "[general]\nruntime = native\n[web]\nservices = http",
        &["1: no segment; name it in [general] as net = 192.168.1.0/24"],
    ),
    (
        "[general]\ngw = 10.0.0.1\n[web]\nservices = http",
        &["2: gw: \"10.0.0.1\" is no host of 127.66.0.0/16; name one that is"],
    ),
    (
        "[general]\ngw = router\ninterface = a b\ndomain = -x.example\nmutate_interval = 0\nseed\n[web]\n\
         services = http",
        &[
            "2: gw: \"router\" is no IPv4 address; write it as 192.168.1.1",
            "3: interface: \"a b\" is no interface; `ip link` lists them",
            "4: domain: \"-x.example\" is no domain; write it as corp.example",
            "5: mutate_interval: \"0\" is no number of minutes from 1 to 525600",
            "6: neither a [section] nor key = value; `#` starts a comment",
        ],
    ),
    (
        "[general]\nnet =   # later\n[web]\nservices = http",
        &["2: net has no value; give it one or remove the line"],
    ),
];

const DECKIES: &[Case] = &[
    (
        "[general]\nip = 127.66.0.9\n[web]\nservices = http\ninterface = eth1\nnet = 192.0.2.0/24",
        &[
            "2: [general] has no key \"ip\": it is a decky's own; write it in a section",
            "5: [web] has no key \"interface\": a fleet stands on one segment; write it in [general], or give the \
             deckies of another interface a fleet and a --state-dir of their own",
            "6: [web] has no key \"net\": it holds for the whole fleet; write it in [general]",
        ],
    ),
    (
        "[web]\nservice = http",
        &[
            "1: [web] does not say what it is; add services = or archetype =",
            "2: [web] has no key \"service\" (did you mean \"services\"?); a decky has: ip, archetype, \
             services, distro, hostname, mac, seed, login, \
         face, firewall, plant, nmap_os, mutate_interval, ambient, withdraw, dhcp, dns, ntp, tarpit, \
         tarpit_sources, tarpit_services, amount",
        ],
    ),
    (
        "[plc]\nservices = conpot",
        &[
            "2: [plc] services: debian12 does not run ics; leave ics out, or choose one of these distros: vxworks, \
           modicon, rtu, building-controller, siemens-plc",
        ],
    ),
    ("[web]\nservices = gopher", &["2: no service is called \"gopher\"; there are: {services}"]),
    (
        "[web]\nservices = http,,ftp",
        &["2: services: \"http,,ftp\" names an empty service; write them as ssh, http"],
    ),
    ("[web]\nservices = http, http", &["2: services: http stands twice; remove one"]),
    ("[web]\nservices =", &["2: services has no value; give it one or remove the line"]),
    (
        "[web]\narchetype = toaster",
        &["2: archetype: \"toaster\" is no archetype; `decnet archetypes` lists them"],
    ),
    (
        "[web]\nservices = http\ndistro = slackware",
        &["3: distro: \"slackware\" is no distro; `decnet distros` lists them"],
    ),
    (
        "[web]\nservices = http\nnmap_os = amiga",
        &["3: nmap_os: \"amiga\" is no OS family; there are: bsd, cisco, embedded, esxi, junos, linux, \
             macos, windows, windows_server"],
    ),
    (
        "[web]\nservices = http\ndistro = debian\nnmap-os = windows",
        &[
            "4: nmap-os: \"windows\" contradicts debian12, which is linux; remove the line or choose another distro",
        ],
    ),
    (
        "[pc]\narchetype = windows-workstation\nnmap_os = linux",
        &[
            "3: nmap_os: \"linux\" contradicts windows10, which is windows; remove the line or choose another distro",
        ],
    ),
    ("[web]\nservices = http\nfirewall = maybe", &["3: firewall: \"maybe\" is none of on, off, default"]),
    (
        "[p]\narchetype = printer\nfirewall = on",
        &[
            "3: [p] firewall: hp_printer comes with no packet filter; leave it off, or choose a system that has one",
        ],
    ),
    ("[web]\nservices = http\namount = 10001", &["3: amount: \"10001\" is no number from 1 to 10000"]),
    ("[web]\nservices = http\namount = +5", &["3: amount: \"+5\" is no number from 1 to 10000"]),
    (
        "[a]\nservices = http\namount = 9999\n[b]\nservices = http\namount = 2",
        &["4: 10001 deckies are too many: a fleet has 1 to 10000"],
    ),
    (
        "[Web_]\nservices = http",
        &["1: \"Web_\" is no decky name: 1 to 48 letters, digits, `-`, `_` and `.`, with a letter or digit \
             at both ends"],
    ),
    (
        "[web]\nservices = http\nlogin = accept-after=0",
        &["3: login: \"accept-after=0\" is no login policy: accept-after takes a number from 1 to 1000"],
    ),
    (
        "[web]\nservices = http\nlogin = maybe",
        &["3: login: \"maybe\" is no login policy: one of deny, accept-listed, accept-after=N"],
    ),
    (
        "[general]\nambient = maybe\n[web]\nservices = http\nambient = often\ndhcp = dynamic",
        &[
            "2: ambient: \"maybe\" is not yes or no",
            "5: ambient: \"often\" is not yes or no",
            "6: dhcp: \"dynamic\" is not yes or no",
        ],
    ),
    (
        "[general]\nruntime = native\nnet = 192.0.2.0/24\ndns = 192.0.2.5, 10.9.0.53\nntp = time.corp\n\
         [web]\nservices = http\ndns = 10.9.0.54\nntp = 192.0.2.255",
        &[
            "4: dns: names 10.9.0.53, which is outside of 192.0.2.0/24, and there is no gateway to it; add gw = in \
             [general], or name a server of the segment",
            "5: ntp: \"time.corp\" names \"time.corp\", which is no IPv4 address; write them as 10.9.0.53, 10.9.0.54",
            "8: dns: names 10.9.0.54, which is outside of 192.0.2.0/24, and there is no gateway to it; add gw = in \
             [general], or name a server of the segment",
            "9: ntp: names 192.0.2.255, which is no host of 192.0.2.0/24; name one that is",
        ],
    ),
    (
        "[web]\nservices = http\nhostname = a_b\nmac = 01:00:5e:00:00:01\nmutate_interval = ten",
        &[
            "3: hostname: \"a_b\" is no host name: 1 to 63 letters, digits and inner hyphens",
            "4: mac: \"01:00:5e:00:00:01\" is a group's (multicast bit); the first octet has to be even",
            "5: mutate_interval: \"ten\" is no number of minutes from 1 to 525600",
        ],
    ),
    (
        "[web]\nservices = http\nmac = 52:54:00:12:34",
        &["3: mac: \"52:54:00:12:34\" is no MAC; write one as 52:54:00:12:34:56"],
    ),
    (
        "[a]\nservices = http\nhostname = SRV\nmac = 52:54:00:00:00:0A\n[b]\nservices = http\n\
         hostname = srv\nmac = 52-54-00-00-00-0a",
        &[
            "7: hostname: srv is that of line 3; choose another",
            "8: mac: 52:54:00:00:00:0a is that of line 4; choose another",
        ],
    ),
    (
        "[web]\nservices = http\namount = 3\nip = 127.66.0.9\nhostname = x",
        &[
            "4: ip: 3 deckies cannot share one; remove the line or give each a section",
            "5: hostname: 3 deckies cannot share one; remove the line or give each a section",
        ],
    ),
    (
        "[web]\nservices = http\namount = 2\n[web-02]\nservices = http",
        &["4: web-02 is made in line 1 already; rename one of the two"],
    ),
    (
        "[custom-Shop]\nbinary = shop:latest\n[web]\nservices = http",
        &["1: [custom-Shop]: write it as [custom-shop], in small letters"],
    ),
    (
        "[custom-shop]\nexec = run\nports = 80, x\nimages = a\n[custom-ssh]\nbinary = a\n[web]\nservices = shop",
        &[
            "1: [custom-shop] does not say what it runs; add image = IMAGE, or build = FOLDER",
            "3: ports: \"80, x\" is no list of ports; write them as 80, 8443",
            "4: [custom-shop] has no key \"images\" (did you mean \"image\"?); it has: image, build, exec, ports, \
             env, log, credential, source, capabilities, writable, memory",
            "5: [custom-ssh]: there is a service ssh already; choose another name",
            "8: no service is called \"shop\" (did you mean \"smtp\"?); there are: {services}",
        ],
    ),
    (
        "[custom-shop]\nimage = a b\nbuild = ../x\nenv = A=1, 2B=3\nlog = access.log\ncredential = (\nsource = [0-9]+\n\
         capabilities = sys_admin\nwritable = tmp\nmemory = 0\n[web]\nservices = http",
        &[
            "1: [custom-shop] does not say what it runs; add image = IMAGE, or build = FOLDER",
            "2: image: \"a b\" is no name of an image; write it as shop:1.4",
            "3: build: \"../x\" is no absolute path of a folder",
            "4: env: \"A=1, 2B=3\" is no list of variables; write them as NAME=VALUE, OTHER=VALUE",
            "5: log: \"access.log\" is neither stdout nor a file in a folder of the container, such as \
             /var/log/shop/access.log",
            "6: credential: \"(\" is no regular expression: unclosed group",
            "7: source: \"[0-9]+\" has no group; put the address in (…)",
            "8: capabilities: \"sys_admin\" may be of: chown, dac_override, fowner, fsetid, kill, net_bind_service, \
             setgid, setuid",
            "9: writable: \"tmp\" is no list of absolute paths",
            "10: memory: \"0\" is no number of MiB from 1 to 4096",
        ],
    ),
    (
        "[custom-shop]\nimage = a\ncredential = (?P<user>x)\n[web]\nservices = http",
        &["3: credential: \"(?P<user>x)\" has no group (?P<password>…)"],
    ),
    (
        "[custom-shop]\nimage = a\ncredential = (\\w{999}){9}\n[web]\nservices = http",
        &[
            "3: credential: \"(\\\\w{999}){9}\" is no regular expression: Compiled regex exceeds size limit of 1048576 \
           bytes.",
        ],
    ),
    (
        "[general]\nruntime = docker\nnet = 192.0.2.0/24\n[custom-shop]\nimage = a\nports = 80\n[web]\n\
         services = http, shop",
        &["8: services http and shop both claim port 80/tcp; a decky can have one of them"],
    ),
    (
        "[custom-shop]\nbinary = a\n[web]\nservices = shop",
        &["4: services: \"shop\" are container services, which need the docker runtime; add another one"],
    ),
];

const ADDRESSES: &[Case] = &[
    (
        "[web]\nservices = http\nip = 127.66.0.300",
        &["3: ip: \"127.66.0.300\" is no IPv4 address; write it as 192.168.1.20"],
    ),
    (
        "[web]\nservices = http\nip = 10.0.0.9",
        &["3: ip: 10.0.0.9 is outside of 127.66.0.0/16; choose another, or remove the line to be given one"],
    ),
    (
        "[a]\nservices = http\nip = 127.66.0.9\n[b]\nservices = http\nip = 127.66.0.9",
        &["6: ip: 127.66.0.9 is that of line 3; choose another"],
    ),
    (
        "[general]\nnet = 127.9.0.0/24\ngw = 127.9.0.1\n[a]\nservices = http\nip = 127.9.0.1\n[b]\n\
         services = http\nip = 127.9.0.0\n\
      [c]\nservices = http\nip = 127.9.0.255",
        &[
            "6: ip: 127.9.0.1 is the gateway's; choose another, or remove the line to be given one",
            "9: ip: 127.9.0.0 is the address of 127.9.0.0/24 itself; choose another, or remove the line to \
             be given one",
            "12: ip: 127.9.0.255 is the broadcast address of 127.9.0.0/24; choose another, or remove the \
             line to be given one",
        ],
    ),
    (
        "[general]\nnet = 127.9.0.0/29\n[a]\nservices = http\namount = 7",
        &["3: 127.9.0.0/29 is full: 1 addresses are lacking; widen net in [general]"],
    ),
];

const SETTINGS: &[Case] = &[
    (
        "[web-prod-01]\nservices = http\n[web.http]\ntitle = x",
        &["3: [web.http]: no decky or group is called \"web\"; add [web] or rename the section"],
    ),
    (
        "[web]\nservices = ftp\n[web.http]\ntitle = x",
        &["3: [web.http]: web does not serve http; add it to its services"],
    ),
    (
        "[web]\nservices = http\n[web.gopher]\nx = y",
        &["3: no service is called \"gopher\"; there are: {services}"],
    ),
    (
        "[db]\nservices = redis\n[db.redis]\npersistence = perhaps\n",
        &["4: persistence: \"perhaps\" is not yes or no"],
    ),
    (
        "[mx]\nservices = smtp\n[mx.smtp]\nsize-limit = 5\n",
        &["4: size-limit: \"5\" is not a whole number from 65536 to 26214400"],
    ),
    (
        "[web]\nservices = http\namount = 3\n[web.http]\napp = drupal\n[web-04.http]\ntitle = x",
        &[
            "5: app: \"drupal\" is not one of default, wordpress, phpmyadmin, tomcat, jenkins, gitlab, \
             grafana, router, \
         printer, iis, camera",
            "6: [web-04.http]: no decky or group is called \"web-04\"; add [web-04] or rename the section",
        ],
    ),
    (
        "[ftp]\nservices = ftp\n[ftp.ftp]\ncolour = red",
        &["4: service ftp has no setting \"colour\"; it has: anonymous"],
    ),
];

#[test]
fn every_error_has_its_line_and_says_what_would_be_right() {
    let groups = [SYNTAX, GENERAL, DECKIES, ADDRESSES, SETTINGS];
    assert!(groups.iter().map(|group| group.len()).sum::<usize>() >= 40);
    for (text, wanted) in groups.into_iter().flatten() {
        check(text.as_bytes(), wanted);
        check(format!("\u{feff}{}", text.replace('\n', "\r\n").replace("\r\r", "\r")).as_bytes(), wanted);
    }
}

#[test]
fn what_is_no_text_is_refused_as_a_whole() {
    check(b"[web]\nservices = http\nseed = \xff\xfe", &["3: not UTF-8; save the file as UTF-8"]);
    let long = vec![b'\n'; TEXT_LIMIT + 1];
    check(&long, &["1: longer than 524288 bytes; split the file"]);
}

#[test]
fn a_host_file_says_which_settings_there_are() {
    let known = [
        ("decnet.state-dir", "DECNET_STATE_DIR"),
        ("web.port", "DECNET_WEB_PORT"),
        ("web.host", "DECNET_WEB_HOST"),
    ];
    let check = |text: &str, wanted: &[&str]| {
        let (values, errors) = host::values("d.ini", text.as_bytes(), &known);
        let values = values.iter().map(|v| format!("{}: {}={}", v.line, v.variable, v.value));
        let shown: Vec<_> = values.chain(errors.iter().map(ToString::to_string)).collect();
        assert_eq!(shown, wanted, "{text}");
    };
    check("", &[]);
    check(
        "[decnet]\nmode = agent ; here\nstate_dir = /x\n[agent]\nweb-port = 81 # p\n[master]\nweb-host = ::\n",
        &["3: DECNET_STATE_DIR=/x", "5: DECNET_WEB_PORT=81"],
    );
    check(
        "[web]\nport = 1\ncolour = 2\n[swarm]\nx = 1\n[master]\ny = 1\nweb-port = 2\n[decnet]\nmode = lord",
        &[
            "2: DECNET_WEB_PORT=1",
            "8: DECNET_WEB_PORT=2",
            "d.ini:3: [web] has no key \"colour\"; it has: port, host",
            "d.ini:4: there is no section [swarm]; there are: decnet, master, agent, web",
            "d.ini:7: [master] has no key \"y\"; `decnet config show` lists the settings",
            "d.ini:8: DECNET_WEB_PORT is given in line 2 already; remove one of the two",
            "d.ini:10: mode: \"lord\" is no mode; there are: auto, master, agent",
        ],
    );
}

#[test]
fn a_flood_of_mistakes_is_cut_and_says_so() {
    let text = "x\n".repeat(5000);
    let errors = deploy::fleet("f.ini", text.as_bytes(), &OPTIONS).unwrap_err();
    let last = errors.last().map(ToString::to_string);
    let wanted = "f.ini:1000: there are more mistakes than are shown; mend these first";
    assert_eq!((errors.len(), last.as_deref()), (1001, Some(wanted)));
}
