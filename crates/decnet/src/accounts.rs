//! Users and groups of this host that settings name.

use crate::{
    install::{local_group, local_user},
    settings::{Name, Settings},
};
use anyhow::{Context as _, Result};
use decnet_engine::confine::User;

/// The user that the setting `decnet.user` names, by name or number.
///
/// # Errors
/// When there is no such user.
pub fn user(text: &str) -> Result<User> {
    if let Ok(uid) = text.parse() {
        return Ok(User { uid, gid: uid });
    }
    // First without the C library, which in a static program may be another than the host's.
    if let Some(found) = local_user(text) {
        return Ok(User { uid: found.uid, gid: found.gid });
    }
    let found = nix::unistd::User::from_name(text).context("look up decnet.user")?;
    let found = found.with_context(|| format!("decnet.user: there is no user {text:?}"))?;
    Ok(User { uid: found.uid.as_raw(), gid: found.gid.as_raw() })
}

/// The group that a setting names, by name or number.
///
/// # Errors
/// When there is no such group.
pub fn group(settings: &Settings, name: Name) -> Result<Option<u32>> {
    let Some(text) = settings.given(name) else { return Ok(None) };
    if let Ok(number) = text.parse() {
        return Ok(Some(number));
    }
    if let Some(number) = local_group(text) {
        return Ok(Some(number));
    }
    let key = name.knob().key;
    let group = nix::unistd::Group::from_name(text).with_context(|| format!("look up {key}"))?;
    Ok(Some(group.with_context(|| format!("{key}: there is no group {text:?}"))?.gid.as_raw()))
}
