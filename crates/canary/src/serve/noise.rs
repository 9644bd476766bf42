//! Calls that say little of who has a canary: by programs that look at every address they see.

use decnet_model::record::CanaryChannel;

/// Words of clients that look at addresses before or instead of people, in small letters, and what they are.
const CLIENTS: &[(&str, &[&str])] = &[
    (
        "previewer",
        &[
            "slackbot",
            "slack-imgproxy",
            "twitterbot",
            "facebookexternalhit",
            "whatsapp",
            "telegrambot",
            "discordbot",
            "linkedinbot",
            "skypeuripreview",
            "mattermost",
            "pinterestbot",
            "redditbot",
            "viber",
            "embedly",
            "iframely",
            "zoombot",
        ],
    ),
    (
        "mail filter",
        &[
            "proofpoint",
            "mimecast",
            "barracuda",
            "safelinks",
            "cloudmark",
            "trendmicro",
            "symantec",
            "fortiguard",
        ],
    ),
    (
        "crawler",
        &[
            "googlebot",
            "bingbot",
            "yandexbot",
            "ahrefsbot",
            "semrushbot",
            "applebot",
            "petalbot",
            "bytespider",
            "gptbot",
            "ccbot",
            "archive.org_bot",
            "duckduckbot",
            "baiduspider",
        ],
    ),
    (
        "scanner",
        &[
            "zgrab",
            "masscan",
            "nmap scripting engine",
            "censys",
            "shodan",
            "internetmeasurement",
            "netsystemsresearch",
            "expanse",
            "urlscan",
            "virustotal",
        ],
    ),
];

/// Why a request over HTTP says little, by its client and the headers by which browsers say that nobody asked.
pub fn of_request(client: &str, purpose: &str) -> Option<&'static str> {
    if purpose.to_ascii_lowercase().contains("prefetch") {
        return Some("prefetch");
    }
    let client = client.to_ascii_lowercase();
    let of = |(_, words): &&(&str, &[&str])| words.iter().any(|word| client.contains(word));
    CLIENTS.iter().find(of).map(|(what, _)| *what)
}

/// Types of records that whoever wants to reach a name asks for: A, AAAA, HTTPS, CNAME, ANY (RFC 1035, 3596, 9460).
const REACHING: &[u16] = &[1, 28, 65, 5, 255];

/// Why a question for a name says little: resolvers ask for what stands above or beside it.
pub fn of_question(kind: u16) -> Option<&'static str> {
    (!REACHING.contains(&kind)).then_some("resolver")
}

/// How long a call over this channel that is like another one is the same use, in µs: pages are loaded again, names
/// are asked for by each resolver of a site and for each type.
pub fn same_use(channel: CanaryChannel) -> i64 {
    match channel {
        CanaryChannel::Dns => 10 * 60_000_000,
        _ => 5 * 60_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_look_at_every_address_are_told_from_people() {
        for (client, purpose, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "", None),
            ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "", None),
            ("curl/8.5.0", "", None),
            ("", "", None),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "", Some("previewer")),
            ("Mozilla/5.0 zgrab/0.x", "", Some("scanner")),
            ("Mozilla/5.0 Chrome/126", "prefetch;prerender", Some("prefetch")),
        ] {
            assert_eq!(of_request(client, purpose), expected, "{client}");
        }
        assert_eq!((of_question(1), of_question(28), of_question(2)), (None, None, Some("resolver")));
    }
}
