//! Sending one message to its target, whatever that is.

use crate::{
    answer::{Answer, PATIENCE, SendError},
    format, mail, syslog, tls, web,
};
use decnet_model::{
    alert::Target,
    record::{AlertDelivery, AlertRule},
};
use netsvc_wire::stamp;
use std::path::Path;
use tokio::time::timeout;

/// Sends a message to the target of its rule; `folder` is the state folder.
///
/// # Errors
/// [`SendError`]; the message may have arrived nevertheless.
pub async fn send(rule: &AlertRule, message: &AlertDelivery, folder: &Path) -> Result<Answer, SendError> {
    let target: Target = rule.target.parse()?;
    timeout(PATIENCE, deliver(rule, &target, message, folder)).await.map_err(|_| SendError::Slow)?
}

async fn deliver(
    rule: &AlertRule,
    target: &Target,
    message: &AlertDelivery,
    folder: &Path,
) -> Result<Answer, SendError> {
    match target {
        Target::Syslog { tcp, host, port } => {
            let said = format::in_syslog(rule.format, &message.body);
            syslog::tell(*tcp, host, *port, message, said.as_deref()).await?;
            Ok(Answer { status: None, text: "handed over; syslog does not answer".to_owned() })
        }
        Target::Mail(place) => mail::mail(rule, place, message, folder).await,
        Target::Web { tls, host, port, path } => {
            let tls = if *tls { Some(tls::config(folder).map_err(SendError::Trust)?) } else { None };
            let body = format::body(rule.format, &message.body);
            let place = web::Place { tls, host, port: *port, path, media: format::media(rule.format) };
            web::post(place, &rule.secret, message, &body, stamp::now() / 1_000_000).await
        }
    }
}
