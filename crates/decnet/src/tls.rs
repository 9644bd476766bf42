//! TLS of the interface and the dashboard, by the settings: which certificate they show, and how the dashboard knows
//! the interface.

use crate::{
    commands::Context,
    settings::{Name, Settings},
};
use anyhow::Result;
use decnet_engine::confine::User;
use decnet_model::{host, worker::Worker};
use decnet_web::{Believed, Door, Secure, Source, TlsError, Validity};
use nix::unistd::{Gid, Uid, geteuid, getgroups, setfsgid, setfsuid};
use std::{
    fs::{self, File},
    net::IpAddr,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;

/// Addresses of this host that a certificate names.
const ADDRESSES_MOST: usize = 32;
/// Settings that name files of TLS.
const FILES: [Name; 4] = [Name::WebCertificate, Name::WebKey, Name::ApiCa, Name::OidcCa];

/// Whether the interface and the dashboard speak TLS.
pub fn is_on(settings: &Settings) -> bool {
    settings.flag(Name::WebTls)
}

/// How an address of theirs begins.
pub fn scheme(settings: &Settings) -> &'static str {
    if is_on(settings) { "https" } else { "http" }
}

/// Where their certificate comes from.
///
/// # Errors
/// When there is a key and no certificate.
pub fn source(context: &Context) -> Result<Source, TlsError> {
    let settings = context.settings();
    let own = settings.given(Name::WebCertificate).map(PathBuf::from);
    match (own, settings.given(Name::WebKey).map(PathBuf::from)) {
        (Some(certificate), key) => {
            Ok(Source::Own { key: key.unwrap_or_else(|| certificate.clone()), certificate })
        }
        (None, Some(path)) => Err(TlsError {
            setting: Name::WebKey.knob().key,
            path,
            why: "there is a key and no certificate".to_owned(),
            remedy: "name the certificate in web.certificate",
        }),
        (None, None) => Ok(Source::Made { folder: context.paths().tls(), names: names(settings) }),
    }
}

/// Makes a door of a socket: with TLS where it is on. What was wrong with the files was told when the workers were
/// started; it may have become so since.
///
/// # Errors
/// The file that TLS cannot be made of.
pub fn door(context: &Context, listener: TcpListener) -> Result<Door> {
    if !is_on(context.settings()) {
        return Ok(listener.into());
    }
    let secure = Secure::open(source(context)?, context.now())?;
    tracing::info!(certificate = %secure.source().certificate().display(), "TLS is spoken");
    Ok(Door::secured(listener, secure))
}

/// How the dashboard knows the interface; `None`: that speaks no TLS.
///
/// # Errors
/// When there is a key and no certificate.
pub fn believed(context: &Context) -> Result<Option<Believed>, TlsError> {
    let settings = context.settings();
    if let Some(path) = settings.given(Name::ApiCa) {
        return Ok(Some(Believed::new(Name::ApiCa.knob().key, path.into())));
    }
    if !is_on(settings) {
        return Ok(None);
    }
    // What is shown by one is what the other believes.
    let source = source(context)?;
    let name = if matches!(source, Source::Own { .. }) { Name::WebCertificate } else { Name::WebTls };
    Ok(Some(Believed::new(name.knob().key, source.known_by())))
}

/// Looks whether `workers`, which become `user`, can use the files that the settings name, before any of them starts.
/// Nothing is made.
///
/// # Errors
/// The first file that is of no use, in one line.
pub fn check(context: &Context, workers: &[Worker], user: Option<User>) -> Result<()> {
    let settings = context.settings();
    let (api, web) = (workers.contains(&Worker::Api), workers.contains(&Worker::Web));
    let mut named = Vec::new();
    if (api || web) && is_on(settings) {
        let source = source(context)?;
        if let Source::Own { .. } = source {
            Secure::check(&source)?;
            named.extend([Name::WebCertificate, Name::WebKey]);
        }
    }
    if web && let Some(path) = settings.given(Name::ApiCa) {
        Believed::new(Name::ApiCa.knob().key, path.into()).check()?;
        named.push(Name::ApiCa);
    }
    if api && settings.given(Name::OidcIssuer).is_some() {
        named.push(Name::OidcCa);
    }
    for name in named {
        if let (Some(path), Some(user)) = (settings.given(name), user)
            && !may_read(path.into(), user)
        {
            return Err(closed(name, path.into(), user).into());
        }
    }
    Ok(())
}

fn closed(name: Name, path: PathBuf, user: User) -> TlsError {
    let why = format!("user {} of the workers may not read it", user.uid);
    let remedy = "give it to their group (`chgrp`, `chmod 640`), and let them through the folders above it";
    TlsError { setting: name.knob().key, path, why, remedy }
}

/// Whether `user` may read a file, as root finds out: by trying, in a thread that is him as far as files go. Root's
/// groups stay with the thread, so that what is open to them alone is looked for besides.
fn may_read(path: PathBuf, user: User) -> bool {
    if !geteuid().is_root() {
        return true;
    }
    let tried = std::thread::spawn(move || {
        setfsgid(Gid::from_raw(user.gid));
        setfsuid(Uid::from_raw(user.uid));
        if File::open(&path).is_err() {
            return false;
        }
        let groups: Vec<u32> = getgroups().unwrap_or_default().iter().map(|group| group.as_raw()).collect();
        let real = fs::canonicalize(&path).unwrap_or(path);
        !real.ancestors().any(|place| is_of_groups_alone(place, user, &groups))
    });
    tried.join().unwrap_or_default()
}

fn is_of_groups_alone(place: &Path, user: User, groups: &[u32]) -> bool {
    let Ok(data) = fs::metadata(place) else { return false };
    let bit = if data.is_dir() { 0o001 } else { 0o004 };
    data.uid() != user.uid
        && data.gid() != user.gid
        && groups.contains(&data.gid())
        && data.permissions().mode() & bit == 0
}

/// What a process must be able to read for TLS: the folders of the files, since a renewed file is another one, and
/// where links lead to.
pub fn places(settings: &Settings) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in FILES.iter().filter_map(|&name| settings.given(name)).map(PathBuf::from) {
        let real = fs::canonicalize(&path).ok();
        for file in std::iter::once(path).chain(real) {
            match file.parent().filter(|folder| folder.parent().is_some()) {
                Some(folder) => found.push(folder.to_owned()),
                // A file beside the root: not the whole machine for it.
                None => found.push(file),
            }
        }
    }
    found
}

/// How long the certificate is valid, and its file, for those who look after a host; `None`: TLS is off, or it is made
/// when the workers start.
///
/// # Errors
/// The file that TLS cannot be made of.
pub fn validity(context: &Context) -> Result<Option<(PathBuf, Validity)>, TlsError> {
    if !is_on(context.settings()) {
        return Ok(None);
    }
    let source = source(context)?;
    let path = source.certificate();
    if let Source::Own { .. } = source {
        let validity = Secure::check(&source)?;
        return Ok(Some((path, validity)));
    }
    // Its key is the workers' alone.
    let there = path.exists().then(|| Validity::read(Name::WebTls.knob().key, &path)).transpose()?;
    Ok(there.map(|validity| (path, validity)))
}

/// Names and addresses by which the interface and the dashboard are spoken to, the host's own name first.
fn names(settings: &Settings) -> Vec<String> {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let listed = settings.text(Name::ApiNames).split(',').map(|name| name.trim().to_owned());
    let hosts = [Name::ApiHost, Name::WebHost].map(|name| settings.text(name).to_owned());
    let everywhere = |host: &String| host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified());
    let own = if hosts.iter().any(everywhere) { own_addresses() } else { Vec::new() };
    let named = hosts.into_iter().filter(|host| !everywhere(host));
    let mut names: Vec<String> = Vec::new();
    let fixed = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let all = std::iter::once(host).chain(listed).chain(named).chain(fixed);
    for name in all.chain(own.iter().map(IpAddr::to_string)) {
        let name = name.to_ascii_lowercase();
        // What a name may be made of; an address is written the one way that it can be compared in.
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:*".contains(&byte));
        let name = name.parse::<IpAddr>().map_or(name, |address| address.to_string());
        if !name.is_empty() && plain && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Addresses of this host that a certificate may name: link-local ones need a zone, which none has.
fn own_addresses() -> Vec<IpAddr> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut found = host::addresses(&text("/proc/self/net/fib_trie"), &text("/proc/self/net/if_inet6"));
    found.retain(|address| !matches!(address, IpAddr::V6(six) if six.is_unicast_link_local()));
    found.truncate(ADDRESSES_MOST);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layer, Origin};

    fn settings(given: &[(&str, &str)]) -> Settings {
        let value =
            |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned(), Origin::Flag("test"));
        let layer: Layer = given.iter().map(value).collect();
        Settings::resolve(&[layer]).unwrap_or_else(|bad| panic!("{bad:?}"))
    }

    #[test]
    fn a_certificate_names_what_the_settings_do_and_nothing_twice() {
        let named = names(&settings(&[
            ("DECNET_API_NAMES", "Ops.Example, localhost,bad name"),
            ("DECNET_WEB_HOST", "192.0.2.9"),
        ]));
        for name in ["ops.example", "localhost", "127.0.0.1", "::1", "192.0.2.9"] {
            assert_eq!(named.iter().filter(|known| *known == name).count(), 1, "{name}: {named:?}");
        }
        assert!(!named.iter().any(|name| name.contains(' ')), "{named:?}");
    }

    #[test]
    fn a_key_without_a_certificate_is_told_and_one_file_may_hold_both() {
        let of = |given: &[(&str, &str)]| source(&Context::new(settings(given)));
        let error = of(&[("DECNET_WEB_KEY", "/x/key.pem")]).unwrap_err().to_string();
        assert!(error.starts_with("web.key: /x/key.pem: there is a key and no certificate; "), "{error}");
        let both = Source::Own { certificate: "/x/both.pem".into(), key: "/x/both.pem".into() };
        assert_eq!(of(&[("DECNET_WEB_CERTIFICATE", "/x/both.pem")]).unwrap(), both);
    }

    #[test]
    fn folders_of_files_may_be_read_and_never_the_whole_machine() {
        let read = places(&settings(&[
            ("DECNET_WEB_CERTIFICATE", "/no/such/cert.pem"),
            ("DECNET_WEB_KEY", "/key.pem"),
        ]));
        assert_eq!(read, [PathBuf::from("/no/such"), "/key.pem".into()]);
        assert!(places(&settings(&[])).is_empty());
    }
}
