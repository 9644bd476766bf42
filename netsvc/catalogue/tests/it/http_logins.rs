//! Logins of web applications.

use netsvc_kit::{
    Action,
    testing::{converse, host, link, persona, stage},
};
use netsvc_persona::Secret;
use netsvc_proto::services::http;
use netsvc_wire::{Kind, field};

/// WordPress lets nobody in without a password, whichever way it is asked, whatever its database does.
#[test]
fn an_empty_password_is_refused_also_where_it_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut persona = persona("web-01");
    persona.users.first_mut().unwrap().password = Some(Secret(String::new()));
    let host = host(&stage(folder.path()), persona, "http", &[("app", "wordpress")]);
    let call = "<methodCall><methodName>wp.getUsersBlogs</methodName><params><param><value><string>root</string>\
                </value></param><param><value><string></string></value></param></params></methodCall>";
    let ask = |target: &str, kind: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: web-01\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let actions = converse(&http::SERVICE, &host, &link(80), &[request.as_bytes()]);
        let outcomes = actions.into_iter().filter_map(|action| match action {
            Action::Record(Kind::AuthAttempt, fields) => {
                fields.into_iter().find(|(name, _)| *name == field::OUTCOME).map(|(_, value)| value)
            }
            _ => None,
        });
        outcomes.collect::<Vec<_>>()
    };
    assert_eq!(ask("/xmlrpc.php", "text/xml", call), [b"rejected".to_vec()]);
    let form = "log=root&pwd=";
    assert_eq!(ask("/wp-login.php", "application/x-www-form-urlencoded", form), [b"rejected".to_vec()]);
}
