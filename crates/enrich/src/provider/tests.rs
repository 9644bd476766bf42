//! Answers as the providers document them.

use super::*;

fn said(provider: &str, subject: &str, status: u16, body: &str) -> String {
    match meaning(named(provider).unwrap(), subject, status, body.as_bytes()) {
        Ok(said) => {
            let score = said.score.map_or_else(|| "-".to_owned(), |score| score.to_string());
            format!("{} {score} {}", said.verdict, said.reason).trim_end().to_owned()
        }
        Err(Unsaid::Subject(_)) => "subject".to_owned(),
        Err(Unsaid::Key(_)) => "key".to_owned(),
        Err(Unsaid::Limited) => "limited".to_owned(),
        Err(Unsaid::Failed(_)) => "failed".to_owned(),
    }
}

#[test]
fn statuses_that_mean_the_same_of_all_are_no_answers() {
    for provider in ALL {
        let name = provider.spec().name;
        for (status, expected) in [
            (401, "key"),
            (403, "key"),
            (402, "limited"),
            (429, "limited"),
            (500, "failed"),
            (503, "failed"),
            (302, "failed"),
            (418, "failed"),
        ] {
            assert_eq!(said(name, "9.9.9.9", status, "{}"), expected, "{name} {status}");
        }
        for body in
            ["", "null", "[]", "{\"data\": 3}", "<html>", "{\"query_status\": \"ok\", \"data\": \"x\"}"]
        {
            assert_eq!(said(name, "9.9.9.9", 200, body), "failed", "{name} {body}");
        }
    }
}

#[test]
fn answers_of_abuseipdb() {
    let body = |score: u64, white: &str| {
        format!(
            r#"{{"data": {{"ipAddress": "118.25.6.39", "isPublic": true, "ipVersion": 4, "isWhitelisted": {white},
            "abuseConfidenceScore": {score}, "countryCode": "CN", "usageType": "Data Center/Web Hosting/Transit",
            "isp": "Tencent", "domain": "tencent.com", "hostnames": [], "isTor": false, "totalReports": 7,
            "numDistinctUsers": 1, "lastReportedAt": "2018-12-20T20:55:14+00:00"}}}}"#
        )
    };
    let why = "7 reports in 30 days; Data Center/Web Hosting/Transit";
    for (score, white, expected) in [
        (100, "false", format!("malicious 100 {why}")),
        (75, "null", format!("malicious 75 {why}")),
        (74, "false", format!("suspicious 74 {why}")),
        (24, "false", "unknown 24".to_owned()),
        (0, "null", "unknown 0".to_owned()),
        (3, "true", format!("benign 3 {why}")),
    ] {
        assert_eq!(said("abuseipdb", "118.25.6.39", 200, &body(score, white)), expected);
    }
    assert_eq!(said("abuseipdb", "x", 422, "{\"errors\": []}"), "subject");
    let asked = named("abuseipdb").unwrap().asked("2a00::1", "k");
    assert_eq!(asked.path, "/api/v2/check?ipAddress=2a00::1&maxAgeInDays=30");
    assert_eq!(asked.headers, [("key", "k".to_owned())]);
}

#[test]
fn answers_of_greynoise() {
    let body = |class: &str, riot: bool, name: &str| {
        format!(
            r#"{{"ip": "1.2.3.4", "noise": true, "riot": {riot}, "classification": "{class}", "name": "{name}",
            "link": "https://viz.greynoise.io/ip/1.2.3.4", "last_seen": "2026-01-01", "message": "Success"}}"#
        )
    };
    for (class, riot, name, expected) in [
        ("malicious", false, "unknown", "malicious -"),
        ("benign", false, "Shodan.io", "benign - Shodan.io"),
        ("unknown", true, "Google Public DNS", "benign - Google Public DNS"),
        ("unknown", false, "unknown", "unknown -"),
        ("suspicious", false, "a\x1b[2Jb", "failed"),
    ] {
        assert_eq!(said("greynoise", "1.2.3.4", 200, &body(class, riot, name)), expected);
    }
    assert_eq!(
        said("greynoise", "1.2.3.5", 200, &body("benign", false, "x")),
        "failed",
        "about another address"
    );
    let escaped = said("greynoise", "1.2.3.4", 200, &body("suspicious", false, "a\\u001b[2Jb"));
    assert_eq!(escaped, "suspicious - a\\x1b[2Jb");
    let absent = r#"{"ip": "1.2.3.4", "noise": false, "riot": false, "message": "IP not observed"}"#;
    assert_eq!(said("greynoise", "1.2.3.4", 404, absent), "unknown -");
    assert_eq!(
        said("greynoise", "x", 400, "{\"message\": \"Request is not a valid routable IPv4 address\"}"),
        "subject"
    );
    assert!(named("greynoise").unwrap().asked("1.2.3.4", "").headers.is_empty());
}

#[test]
fn answers_of_threatfox() {
    let indicator = |ioc: &str, sure: u64| {
        format!(
            r#"{{"id": "41", "ioc": "{ioc}", "threat_type": "botnet_cc", "ioc_type": "ip:port", "malware": "win.x",
            "malware_printable": "Cobalt Strike", "confidence_level": {sure},
            "first_seen": "2020-12-08 13:36:27 UTC"}}"#
        )
    };
    let body = |list: &str| format!(r#"{{"query_status": "ok", "data": [{list}]}}"#);
    for (list, expected) in [
        (indicator("1.2.3.4:443", 100), "malicious 100 Cobalt Strike"),
        (indicator("1.2.3.4", 25), "suspicious 25 Cobalt Strike"),
        (indicator("11.2.3.4:443", 100), "unknown -"),
        (indicator("1.2.3.45:443", 100), "unknown -"),
        (
            format!("{},{}", indicator("1.2.3.4:1", 50), indicator("1.2.3.4:2", 10)),
            "malicious 50 Cobalt Strike",
        ),
        (String::new(), "unknown -"),
    ] {
        assert_eq!(said("threatfox", "1.2.3.4", 200, &body(&list)), expected, "{list}");
    }
    assert_eq!(
        said("threatfox", "2a00::1", 200, &body(&indicator("[2a00::1]:8080", 75))),
        "malicious 75 Cobalt Strike"
    );
    for (status, expected) in [
        ("no_result", "unknown -"),
        ("illegal_search_term", "subject"),
        ("unknown_auth_key", "key"),
        ("on_holiday", "failed"),
    ] {
        let body = format!(r#"{{"query_status": "{status}", "data": "a sentence"}}"#);
        assert_eq!(said("threatfox", "1.2.3.4", 200, &body), expected);
    }
    let asked = named("threatfox").unwrap().asked("1.2.3.4", "k");
    assert_eq!(asked.method, Method::Post);
    assert!(String::from_utf8(asked.body).unwrap().contains("\"search_term\":\"1.2.3.4\""));
}

#[test]
fn answers_of_virustotal() {
    let body = |malicious: u64, suspicious: u64, undetected: u64| {
        format!(
            r#"{{"data": {{"type": "file", "id": "x", "attributes": {{"last_analysis_stats": {{"malicious": {malicious},
            "suspicious": {suspicious}, "undetected": {undetected}, "harmless": 0, "timeout": 2, "failure": 0}},
            "popular_threat_classification": {{"suggested_threat_label": "trojan.mirai/linux"}}, "size": 3}}}}}}"#
        )
    };
    for ((malicious, suspicious, undetected), expected) in [
        ((40, 0, 20), "malicious 66 40 of 60 scanners; trojan.mirai/linux"),
        ((2, 0, 58), "suspicious 3 2 of 60 scanners; trojan.mirai/linux"),
        ((0, 0, 60), "benign 0 0 of 60 scanners; trojan.mirai/linux"),
        ((0, 0, 0), "unknown -"),
    ] {
        assert_eq!(said("virustotal", "aa", 200, &body(malicious, suspicious, undetected)), expected);
    }
    assert_eq!(said("virustotal", "aa", 404, r#"{"error": {"code": "NotFoundError"}}"#), "unknown -");
}
