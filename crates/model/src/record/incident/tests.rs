//! Titles, severities, and what incidents that are one come to.

use super::*;

fn incident(stage: Stage) -> Incident {
    Incident {
        id: 5,
        last_event: 9,
        first_seen: 0,
        last_seen: 1,
        stage,
        severity: Severity::Low,
        src_ip: IpAddr::from([192, 0, 2, 7]),
        sources: 1,
        nodes: 1,
        services: 1,
        deed: stage,
        deed_event: 6,
        node: "web-01".into(),
        service: "ssh".into(),
        logins: 1,
        login_event: 6,
        principal: Some(b"ro\x1bot".to_vec()),
        commands: 4,
        artefacts: 1,
        counts: Counts { credentials: 1, ..Counts::default() },
    }
}

#[test]
fn a_title_says_what_happened() {
    let far =
        |stage, sources, nodes, services| Incident { sources, nodes, services, ..incident(stage) }.title();
    for (title, expected) in [
        (far(Stage::Touched, 1, 1, 1), "192.0.2.7 touched ssh on web-01"),
        (far(Stage::Touched, 1, 1, 2), "192.0.2.7 touched 2 services of web-01"),
        (far(Stage::Scanned, 1, 9, 3), "192.0.2.7 scanned 9 deckies (3 services)"),
        (
            far(Stage::Tried, 3, 2, 1),
            "3 addresses (192.0.2.7 and others) tried 1 credential on 2 deckies (1 service)",
        ),
        (far(Stage::LoggedIn, 1, 1, 1), "192.0.2.7 logged in to ssh on web-01 as ro\x1bot"),
        (
            far(Stage::Executed, 1, 3, 1),
            "192.0.2.7 ran 4 commands in ssh on web-01 as ro\x1bot, and touched 2 more deckies",
        ),
        (far(Stage::Left, 1, 1, 1), "192.0.2.7 left 1 file over ssh on web-01 as ro\x1bot"),
    ] {
        assert_eq!(String::from_utf8(title).unwrap(), expected);
    }
}

#[test]
fn severity_grows_with_the_stage_and_with_deckies() {
    assert_eq!(SEVERITIES.len(), Stage::ALL.len());
    for pair in SEVERITIES.windows(2) {
        let [(before, one, several), (after, one_after, several_after)] = pair else { panic!() };
        assert!(before < after && one <= one_after && several <= several_after && one <= several);
    }
    assert_eq!(severity(Stage::Tried, 2), Severity::High);
}

#[test]
fn what_several_make_is_the_same_in_any_order() {
    let first = incident(Stage::Tried);
    let second = Incident { id: 6, deed_event: 7, login_event: 8, principal: None, ..incident(Stage::Left) };
    let third = Incident { id: 3, deed_event: 4, node: "db-01".into(), ..incident(Stage::Left) };
    let sum = |order: [&Incident; 3]| {
        let mut whole = order[0].clone();
        order[1..].iter().for_each(|other| whole.absorb((*other).clone()));
        whole.judge(1);
        whole
    };
    let whole = sum([&first, &second, &third]);
    assert_eq!((whole.id, whole.node.as_str(), whole.principal.as_deref()), (3, "db-01", None));
    for order in [[&third, &first, &second], [&second, &third, &first], [&third, &second, &first]] {
        assert_eq!(sum(order), whole);
    }
}

#[test]
fn a_closed_incident_is_new_again_after_another_event() {
    let work = |seen_event| IncidentWork {
        incident: 5,
        state: IncidentState::Closed,
        assignee: None,
        changed_by: "eve".into(),
        changed_at: 0,
        seen_event,
    };
    let view = |work| IncidentView { incident: incident(Stage::Tried), work };
    assert_eq!(view(None).state(), IncidentState::New);
    assert_eq!(view(Some(work(9))).state(), IncidentState::Closed);
    assert!(view(Some(work(8))).is_reopened());
    assert_eq!(view(Some(work(8))).state(), IncidentState::New);
}
