//! How messages look: JSON for programs, and what chats show. What a peer chose is in the text only as code, which no
//! chat obeys: no links, no mentions, no markup.

use crate::siem;
use decnet_model::record::AlertFormat;
use decnet_shape::message::Body;
use serde_json::{Value, json};

/// Longest text of a chat's message, in characters: Discord takes 2000.
const LONGEST: usize = 1900;

/// The body of a request, for `format`.
pub(crate) fn body(format: AlertFormat, stored: &str) -> String {
    let Ok(body) = serde_json::from_str::<Body>(stored) else { return stored.to_owned() };
    let value = match format {
        AlertFormat::Json => return stored.to_owned(),
        AlertFormat::Slack => json!({ "text": escaped(&text(&body, "*")) }),
        AlertFormat::Mattermost => json!({ "text": text(&body, "**") }),
        AlertFormat::Discord => {
            json!({ "content": text(&body, "**"), "allowed_mentions": { "parse": [] } })
        }
        AlertFormat::Teams => teams(&body),
        AlertFormat::Ntfy => return plain(&body),
        AlertFormat::Ecs => siem::ecs(&body),
        AlertFormat::Cef => return siem::cef(&body),
    };
    value.to_string()
}

/// What a body of `format` is.
pub(crate) fn media(format: AlertFormat) -> &'static str {
    match format {
        AlertFormat::Ntfy | AlertFormat::Cef => "text/plain; charset=utf-8",
        _ => "application/json",
    }
}

/// What stands in a line of syslog in place of the title; `None`: the title.
pub(crate) fn in_syslog(format: AlertFormat, stored: &str) -> Option<String> {
    matches!(format, AlertFormat::Ecs | AlertFormat::Cef).then(|| body(format, stored))
}

/// Text without any markup: nothing in it means anything.
fn plain(body: &Body) -> String {
    let title = format!("{} {}", body.severity.to_uppercase(), body.title);
    let lines = [title].into_iter().chain(body.lines.iter().cloned());
    let lines: Vec<String> = lines.map(|line| line.replace(['\n', '\r'], " ")).collect();
    let text: String = lines.join("\n").chars().take(LONGEST).collect();
    body.link.as_ref().map_or_else(|| text.clone(), |link| format!("{text}\n{link}"))
}

/// What a chat shows, with its mark for strong text.
fn text(body: &Body, strong: &str) -> String {
    let mut text = format!("{strong}{}{strong} {}", body.severity.to_uppercase(), code(&body.title));
    for line in &body.lines {
        text.push('\n');
        text.push_str(&code(line));
    }
    let room = LONGEST.saturating_sub(body.link.as_ref().map_or(0, String::len));
    if text.chars().count() > room {
        text = text.chars().take(room).collect();
        // What is cut off may have been the end of a code.
        if text.matches('`').count() % 2 == 1 {
            text.push('`');
        }
        text.push('…');
    }
    if let Some(link) = &body.link {
        text.push('\n');
        text.push_str(link);
    }
    text
}

/// Text as code: what is in it means nothing.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace(['\n', '\r'], " "))
}

/// Slack's own characters (`api.slack.com/reference/surfaces/formatting#escaping`).
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An adaptive card 1.4 in the envelope that Teams' workflows take. A text run is never read as Markdown.
fn teams(body: &Body) -> Value {
    let run = |text: &str, weight: &str| {
        let run = json!({ "type": "TextRun", "text": text, "weight": weight });
        json!({ "type": "RichTextBlock", "inlines": [run] })
    };
    let mut blocks = vec![run(&body.severity.to_uppercase(), "bolder"), run(&body.title, "default")];
    blocks.extend(body.lines.iter().map(|line| run(line, "lighter")));
    let actions: Vec<Value> = (body.link.iter())
        .map(|link| json!({ "type": "Action.OpenUrl", "title": "Open", "url": link }))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "version": "1.4",
                "body": blocks,
                "actions": actions,
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(title: &str) -> String {
        json!({
            "kind": "alert", "token": "t", "rule": "r", "at": "x", "severity": "high", "title": title,
            "link": "https://decnet.lan/incidents/7",
        })
        .to_string()
    }

    #[test]
    fn what_a_peer_chose_means_nothing_in_a_chat() {
        let hostile = "as `<!channel> @everyone [x](http://evil)\n**b** &";
        let slack: Value = serde_json::from_str(&body(AlertFormat::Slack, &stored(hostile))).unwrap();
        let text = slack["text"].as_str().unwrap();
        assert!(text.starts_with("*HIGH* `as '&lt;!channel&gt; @everyone"), "{text}");
        assert!(text.ends_with("`\nhttps://decnet.lan/incidents/7"), "{text}");
        let discord: Value = serde_json::from_str(&body(AlertFormat::Discord, &stored(hostile))).unwrap();
        assert_eq!(discord["allowed_mentions"]["parse"], json!([]));
        for text in [discord["content"].as_str().unwrap(), text] {
            assert_eq!(text.matches('`').count(), 2, "one code, whatever is in it: {text}");
        }
        let teams: Value = serde_json::from_str(&body(AlertFormat::Teams, &stored(hostile))).unwrap();
        let card = &teams["attachments"][0]["content"];
        assert_eq!(card["body"][1]["inlines"][0]["text"], hostile);
        assert_eq!(card["actions"][0]["url"], "https://decnet.lan/incidents/7");
    }

    #[test]
    fn a_format_of_text_is_a_few_lines_and_is_sent_as_text() {
        assert_eq!(body(AlertFormat::Ntfy, &stored("a\nb")), "HIGH a b\nhttps://decnet.lan/incidents/7");
        for &format in AlertFormat::ALL {
            let is_json = serde_json::from_str::<Value>(&body(format, &stored("x"))).is_ok();
            assert_eq!(media(format) == "application/json", is_json, "{}", format.name());
        }
        assert!(in_syslog(AlertFormat::Cef, &stored("x")).unwrap().starts_with("CEF:0|"));
        assert_eq!(in_syslog(AlertFormat::Slack, &stored("x")), None);
    }

    #[test]
    fn a_long_text_is_cut_and_its_code_ends() {
        let long: Value =
            serde_json::from_str(&body(AlertFormat::Mattermost, &stored(&"ß".repeat(9000)))).unwrap();
        let text = long["text"].as_str().unwrap();
        assert!(text.chars().count() < 2000 && text.contains("`…\nhttps://"), "{text}");
        assert_eq!(text.matches('`').count(), 2);
        assert_eq!(body(AlertFormat::Json, &stored("x")), stored("x"));
    }
}
