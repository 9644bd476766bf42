//! User authentication (RFC 4252, RFC 4256) with the texts, counts and delays of OpenSSH.

use crate::{
    client_key::Claim,
    codec::{Reader, Writer},
    error::Error,
    handler::{Handler, KeyOffer, PasswordAttempt},
    kex::negotiation::listed,
    link::Link,
    numbers::{
        HOSTBOUND, SERVICE_ACCEPT, SERVICE_REQUEST, USERAUTH_BANNER, USERAUTH_FAILURE, USERAUTH_INFO_REQUEST,
        USERAUTH_INFO_RESPONSE, USERAUTH_PK_OK, USERAUTH_REQUEST, USERAUTH_SUCCESS,
    },
};
use rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha512};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};

/// Shortest delay of a failure.
const DELAY_MIN: Duration = Duration::from_millis(5);
/// Time after which a failure is delayed no more.
const DELAY_MAX: Duration = Duration::from_secs(5);

/// State of authentication.
struct Authentication {
    accepted_service: bool,
    user: Vec<u8>,
    service: Vec<u8>,
    requests: u32,
    failures: u32,
    /// Whether the question of keyboard-interactive is open, and since when the request runs.
    asked: Option<Instant>,
}

/// Outcome of one method.
enum Outcome {
    Accepted(&'static str),
    Refused,
    /// The client has to answer something first.
    Pending,
}

/// Who logged in.
pub(crate) struct Login {
    /// User name.
    pub(crate) user: Vec<u8>,
    /// Method that did it.
    pub(crate) method: &'static str,
}

/// Runs until the client is authenticated.
pub(crate) async fn run<S, H>(link: &mut Link<S>, handler: &mut H) -> Result<Login, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let mut state = Authentication {
        accepted_service: false,
        user: Vec::new(),
        service: Vec::new(),
        requests: 0,
        failures: 0,
        asked: None,
    };
    loop {
        let payload = link.next().await?;
        let mut reader = Reader::new(&payload);
        match reader.u8()? {
            SERVICE_REQUEST => state.service_request(link, reader.string()?)?,
            USERAUTH_REQUEST if state.accepted_service => {
                if let Some(method) = state.request(link, handler, reader).await? {
                    return Ok(Login { user: state.user, method });
                }
            }
            USERAUTH_INFO_RESPONSE if state.asked.is_some() => {
                if let Some(method) = state.response(link, handler, reader).await? {
                    return Ok(Login { user: state.user, method });
                }
            }
            _ => link.transport.unimplemented()?,
        }
    }
}

impl Authentication {
    fn service_request<S>(&mut self, link: &mut Link<S>, service: &[u8]) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if service != b"ssh-userauth" {
            let text = format!("bad service request {}", String::from_utf8_lossy(service));
            return Err(Error::Disconnected(text));
        }
        self.accepted_service = true;
        link.transport.send(Writer::message(SERVICE_ACCEPT).string(service).take())
    }

    /// The method, when it let the user in.
    async fn request<S, H>(
        &mut self,
        link: &mut Link<S>,
        handler: &mut H,
        mut reader: Reader<'_>,
    ) -> Result<Option<&'static str>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        H: Handler,
    {
        let start = Instant::now();
        let (user, service, method) = (reader.string()?, reader.string()?, reader.string()?);
        self.requests += 1;
        self.asked = None;
        if self.requests == 1 {
            self.user = user.to_vec();
            self.service = service.to_vec();
            link.update_signatures()?;
            self.greet(link)?;
        } else if user != self.user || service != self.service {
            return Err(Error::Disconnected(self.changed(user, service)));
        }
        let bound = method == HOSTBOUND.as_bytes();
        let method = match std::str::from_utf8(method).unwrap_or_default() {
            HOSTBOUND if link.config.profile.binds_keys_to_host() => "publickey",
            name => name,
        };
        let outcome = match method {
            name if !listed(&link.config.profile.methods, name) => {
                handler.method(user, name.as_bytes());
                Outcome::Refused
            }
            "password" => password(link, handler, user, reader, start).await?,
            "keyboard-interactive" => {
                self.ask(link)?;
                self.asked = Some(start);
                Outcome::Pending
            }
            "publickey" => public_key(link, handler, user, bound, reader)?,
            name => {
                handler.method(user, name.as_bytes());
                Outcome::Refused
            }
        };
        self.finish(link, handler, outcome, method, start).await
    }

    fn changed(&self, user: &[u8], service: &[u8]) -> String {
        let text = String::from_utf8_lossy;
        format!(
            "Change of username or service not allowed: ({},{}) -> ({},{})",
            text(&self.user),
            text(&self.service),
            text(user),
            text(service)
        )
    }

    fn greet<S: AsyncRead + AsyncWrite + Unpin>(&self, link: &mut Link<S>) -> Result<(), Error> {
        let Some(text) = &link.config.greeting else { return Ok(()) };
        let message = Writer::message(USERAUTH_BANNER).string(text).string("").take();
        link.transport.send(message)
    }

    /// Asks as PAM's `pam_unix` does through sshd.
    fn ask<S: AsyncRead + AsyncWrite + Unpin>(&self, link: &mut Link<S>) -> Result<(), Error> {
        let mut writer = Writer::message(USERAUTH_INFO_REQUEST);
        writer.string("").string("").string("").u32(1).string("Password: ").bool(false);
        link.transport.send(writer.finish())
    }

    async fn response<S, H>(
        &mut self,
        link: &mut Link<S>,
        handler: &mut H,
        mut reader: Reader<'_>,
    ) -> Result<Option<&'static str>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        H: Handler,
    {
        let start = self.asked.take().unwrap_or_else(Instant::now);
        let answers = reader.u32()?;
        let mut outcome = Outcome::Refused;
        if answers == 1 {
            let attempt = PasswordAttempt {
                user: &self.user,
                password: reader.string()?,
                method: "keyboard-interactive",
            };
            outcome = check(link, handler, attempt, Instant::now()).await;
        }
        self.finish(link, handler, outcome, "keyboard-interactive", start).await
    }

    async fn finish<S, H>(
        &mut self,
        link: &mut Link<S>,
        handler: &mut H,
        outcome: Outcome,
        method: &str,
        start: Instant,
    ) -> Result<Option<&'static str>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        H: Handler,
    {
        match outcome {
            Outcome::Pending => Ok(None),
            Outcome::Accepted(method) => {
                link.transport.send(vec![USERAUTH_SUCCESS])?;
                link.exchange.authenticated(&mut link.transport);
                handler.logged_in(&self.user, method);
                Ok(Some(method))
            }
            Outcome::Refused => {
                let config = &link.config;
                if method != "none" && config.natural_delays && config.profile.delays_failures() {
                    delay(start, &self.user, config.delay_secret).await;
                }
                self.failures += u32::from(1 < self.requests || method != "none");
                if config.attempts <= self.failures {
                    return Err(Error::Disconnected("Too many authentication failures".to_owned()));
                }
                let message =
                    Writer::message(USERAUTH_FAILURE).string(&config.profile.methods).bool(false).take();
                link.transport.send(message)?;
                Ok(None)
            }
        }
    }
}

async fn password<S, H>(
    link: &mut Link<S>,
    handler: &mut H,
    user: &[u8],
    mut reader: Reader<'_>,
    start: Instant,
) -> Result<Outcome, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let change = reader.bool()?;
    let password = reader.string()?;
    if change {
        // sshd does not support it and refuses without asking PAM.
        handler.method(user, b"password change");
        return Ok(Outcome::Refused);
    }
    Ok(check(link, handler, PasswordAttempt { user, password, method: "password" }, start).await)
}

/// Asks the handler and spends the time that PAM does. Known and unknown users cost the same.
async fn check<S, H>(link: &Link<S>, handler: &mut H, attempt: PasswordAttempt<'_>, start: Instant) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let accepted = handler.password(attempt).await;
    if link.config.natural_delays {
        let spent = if accepted { link.config.success_delay } else { varied(link.config.failure_delay) };
        sleep_until(start + spent).await;
    }
    if accepted { Outcome::Accepted(attempt.method) } else { Outcome::Refused }
}

fn public_key<S, H>(
    link: &mut Link<S>,
    handler: &mut H,
    user: &[u8],
    bound: bool,
    mut reader: Reader<'_>,
) -> Result<Outcome, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let signed = reader.bool()?;
    let (algorithm, key) = (reader.string()?, reader.string()?);
    let host_key = if bound { Some(reader.string()?) } else { None };
    let proved = signed && {
        let signature = reader.string()?;
        Claim { session: link.exchange.session(), user, algorithm, key, host_key, signature }.holds()
    };
    let accepted = handler.key(KeyOffer { user, algorithm, key, signed: proved });
    let known =
        std::str::from_utf8(algorithm).is_ok_and(|name| listed(&link.config.profile.signatures, name));
    // A signature that is not the key's is a refusal; without one, sshd only says whether it would do.
    match (accepted && known && proved == signed, signed) {
        (false, _) => Ok(Outcome::Refused),
        (true, true) => Ok(Outcome::Accepted("publickey")),
        (true, false) => {
            link.transport.send(Writer::message(USERAUTH_PK_OK).string(algorithm).string(key).take())?;
            Ok(Outcome::Pending)
        }
    }
}

/// PAM's delay: the mean, give or take half, likelier in the middle (`pam_fail_delay(3)`).
fn varied(mean: Duration) -> Duration {
    let sum: f64 = (0..3).map(|_| f64::from(OsRng.next_u32()) / f64::from(u32::MAX)).sum();
    mean.mul_f64(0.5 + sum / 3.0)
}

/// Stretches a failure to the next power-of-two multiple of a delay that is the user's own, as
/// `ensure_minimum_time_since` and `user_specific_delay` of `auth2.c` do.
async fn delay(start: Instant, user: &[u8], secret: u64) {
    let elapsed = start.elapsed();
    if DELAY_MAX < elapsed {
        return;
    }
    let mut goal = user_delay(user, secret);
    while goal < elapsed {
        goal *= 2;
    }
    sleep_until(start + goal).await;
}

/// Between 5 ms and 9.3 ms.
fn user_delay(user: &[u8], secret: u64) -> Duration {
    let hash = Sha512::new().chain_update(secret.to_string()).chain_update(user).finalize();
    let value = hash.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes)).unwrap_or_default();
    DELAY_MIN + Duration::from_nanos(u64::from(value) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_of_users_differ_and_stay_within_bounds() {
        let delays: Vec<_> =
            ["root", "admin", "pi"].iter().map(|user| user_delay(user.as_bytes(), 7)).collect();
        assert!(delays.iter().all(|delay| (5_000..9_400).contains(&delay.as_micros())));
        assert_ne!(delays.first(), delays.last());
        assert_eq!(user_delay(b"root", 7), user_delay(b"root", 7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_takes_a_multiple_of_the_users_delay() {
        let start = Instant::now();
        tokio::time::sleep(Duration::from_millis(1900)).await;
        delay(start, b"root", 1).await;
        let unit = user_delay(b"root", 1).as_secs_f64();
        let multiple = start.elapsed().as_secs_f64() / unit;
        assert!((multiple.log2() - multiple.log2().round()).abs() < 0.01, "{multiple}");
    }
}
