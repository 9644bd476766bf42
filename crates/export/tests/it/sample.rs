//! A few addresses and a file.

use decnet_export::{Known, KnownIncident, Origin, Payload, Standing, Techniques};
use decnet_model::record::{
    AddressSeen, Artefact, Behaviour, Cluster, Counts, Incident, IncidentState, IncidentView, IncidentWork,
    Phase, Severity, Showed, Stage, Tried,
};
use decnet_shape::TechniqueRule;

/// 24 November 2025, 16:00 UTC.
pub(crate) const NOON: i64 = 1_764_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

pub(crate) fn origin() -> Origin {
    "3f0c3a52-9d5e-4b1c-8a3e-0d2f6b7c8d9e 1763900000000000".parse().unwrap()
}

pub(crate) fn techniques() -> Techniques {
    let rule = |technique: &str, name: &str, tactic: &str, matrix: &str| TechniqueRule {
        id: format!("rule-{technique}"),
        technique: technique.to_owned(),
        name: name.to_owned(),
        tactic: tactic.to_owned(),
        matrix: matrix.to_owned(),
        title: String::new(),
        confidence: "high".to_owned(),
        count: 1,
        kinds: Vec::new(),
        services: Vec::new(),
    };
    Techniques::of(&[
        rule("T1110.001", "Brute Force: Password Guessing", "credential-access", "enterprise-attack"),
        rule("T0846", "Remote System Discovery", "discovery", "ics-attack"),
    ])
}

fn address(number: i64, address: &str, phase: Phase, risk: u64) -> Known {
    let seen = AddressSeen {
        src_ip: address.parse().unwrap(),
        first_event: number,
        last_event: number + 100,
        first_seen: NOON + number,
        last_seen: NOON + HOUR + number,
        events: 40 + number.unsigned_abs(),
        behaviour: if phase == Phase::Recon { Behaviour::Scanning } else { Behaviour::BruteForce },
        phase,
        risk,
        hosts: Vec::new(),
    };
    let standing = if address.starts_with("10.") { Standing::Private } else { Standing::Public };
    Known { seen, standing, identity: None, campaign: None, showed: Vec::new(), tried: Vec::new() }
}

fn cluster(id: i64, members: u64) -> Cluster {
    Cluster {
        id,
        members,
        addresses: members + 1,
        first_seen: NOON,
        last_seen: NOON + HOUR,
        events: 99,
        risk: 70,
    }
}

fn tried(known: &Known, principal: &[u8], secret: Option<&[u8]>) -> Tried {
    let secret = secret.map(<[u8]>::to_vec);
    Tried { src_ip: known.seen.src_ip, principal: principal.to_vec(), secret, attempts: 3 }
}

/// One that got in and is part of a campaign, one of IPv6 that tried, one that only looked, one of our own network.
pub(crate) fn known(secrets: bool) -> Vec<Known> {
    let mut first = address(1, "8.8.4.4", Phase::Action, 70);
    first.identity = Some(cluster(1, 2));
    first.campaign = Some(cluster(1, 2));
    first.seen.hosts = vec!["evil.example".to_owned(), "8.8.8.8".to_owned()];
    let showed = |technique: &str| Showed {
        src_ip: first.seen.src_ip,
        technique: technique.to_owned(),
        events: 12,
        first_seen: NOON + 5,
        last_seen: NOON + HOUR,
    };
    first.showed = vec![showed("T0846"), showed("T1110.001"), showed("T9999")];
    let secret = secrets.then_some(&b"hunter\x1b2"[..]);
    first.tried = vec![
        tried(&first, b"root", secret),
        tried(&first, b"=cmd|' /C calc'!A0", secret),
        tried(&first, b"\xff\n", secret),
        tried(&first, b"", secret),
    ];
    let mut second = address(2, "2606:4700:4700::1111", Phase::Access, 30);
    second.identity = Some(cluster(1, 2));
    second.tried = vec![tried(&second, b"root", secret)];
    let mut third = address(3, "9.9.9.9", Phase::Recon, 5);
    third.campaign = Some(cluster(1, 2));
    let mut fourth = address(4, "10.1.2.3", Phase::Access, 20);
    fourth.showed = vec![Showed { src_ip: fourth.seen.src_ip, ..first.showed[1].clone() }];
    // A day later.
    let mut fifth = address(5, "1.1.1.1", Phase::Exfil, 95);
    fifth.seen.first_seen += 24 * HOUR;
    fifth.seen.last_seen += 24 * HOUR;
    vec![first, second, third, fourth, fifth]
}

pub(crate) fn payload() -> Payload {
    let artefact = Artefact {
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        first_event: 7,
        size: 4,
        origin: "upload".to_owned(),
        format: Some("ELF".to_owned()),
        first_seen: NOON,
        last_seen: NOON + HOUR,
        sightings: 3,
        unkept: None,
    };
    Payload { artefact, sources: vec!["8.8.4.4".parse().unwrap(), "2606:4700:4700::1111".parse().unwrap()] }
}

/// An incident of the first two, on which somebody works.
pub(crate) fn incident() -> KnownIncident {
    let sources: Vec<Known> = known(false).into_iter().take(2).collect();
    let incident = Incident {
        id: 1,
        last_event: 140,
        first_seen: NOON,
        last_seen: NOON + HOUR,
        stage: Stage::Executed,
        severity: Severity::High,
        src_ip: sources[0].seen.src_ip,
        sources: 2,
        nodes: 1,
        services: 1,
        deed: Stage::Executed,
        deed_event: 90,
        node: "secret-decky".to_owned(),
        service: "ssh".to_owned(),
        logins: 1,
        login_event: 80,
        principal: Some(b"root".to_vec()),
        commands: 4,
        artefacts: 0,
        counts: Counts { events: 83, ..Counts::default() },
    };
    let work = IncidentWork {
        incident: 1,
        state: IncidentState::Acknowledged,
        assignee: Some("eve".to_owned()),
        changed_by: "eve".to_owned(),
        changed_at: NOON + 2 * HOUR,
        seen_event: 140,
    };
    KnownIncident { view: IncidentView { incident, work: Some(work) }, sources }
}
