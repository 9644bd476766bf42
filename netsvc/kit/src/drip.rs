//! Answers that a peer is kept waiting for: they fall a byte at a time.

use netsvc_persona::Persona;
use std::{
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Time between two bytes: a banner takes longer than anybody waits who has others to ask, and each byte comes
/// before anybody counts the connection as dead.
const PAUSE: Duration = Duration::from_secs(2);

/// When the next byte falls.
pub(crate) struct Drip(Pin<Box<Sleep>>);

impl Drip {
    /// How the service `slug` of a node answers `peer`; `None`: as fast as it can.
    pub(crate) fn of(persona: &Persona, slug: &str, peer: IpAddr) -> Option<Self> {
        let slow = persona.slow.as_ref()?;
        let IpAddr::V4(peer) = peer.to_canonical() else { return None };
        let met = slow.meets(peer) && slow.services.iter().any(|service| service == slug);
        met.then(|| Drip(Box::pin(tokio::time::sleep(PAUSE))))
    }

    /// What of `bytes` may leave now.
    pub(crate) fn poll<'a>(&mut self, context: &mut Context<'_>, bytes: &'a [u8]) -> Poll<&'a [u8]> {
        self.0.as_mut().poll(context).map(|()| bytes.get(..1).unwrap_or_default())
    }

    /// A byte has left.
    pub(crate) fn fell(&mut self) {
        self.0.as_mut().reset(Instant::now() + PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use netsvc_persona::{Peers, Slow};

    #[tokio::test]
    async fn only_those_who_are_meant_wait_for_each_byte() {
        let mut persona = testing::persona("web-01");
        let peer: IpAddr = [192, 0, 2, 9].into();
        assert!(Drip::of(&persona, "ssh", peer).is_none());
        let peers = vec![Peers::of([192, 0, 2, 0].into(), 24)];
        persona.slow = Some(Slow { peers, services: vec!["ssh".to_owned()] });
        assert!(Drip::of(&persona, "http", peer).is_none());
        assert!(Drip::of(&persona, "ssh", [192, 0, 3, 9].into()).is_none());
        let mut drip = Drip::of(&persona, "ssh", peer).unwrap();
        let begun = Instant::now();
        let one = std::future::poll_fn(|context| drip.poll(context, b"SSH")).await;
        assert_eq!(one, b"S");
        assert!(PAUSE <= begun.elapsed());
        drip.fell();
        let another = std::future::poll_fn(|context| drip.poll(context, b"SH"));
        assert!(tokio::time::timeout(PAUSE / 20, another).await.is_err());
    }
}
