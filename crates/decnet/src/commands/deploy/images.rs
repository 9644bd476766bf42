//! How a deploy makes images and containers of the runtime docker.

use crate::{commands::Context, output};
use anyhow::{Result, bail};
use clap::Args;
use decnet_fleet::images;
use decnet_model::{fleet::Fleet, runtime::Runtime};

/// The options that say how.
#[derive(Args, Debug, Clone, Copy, Default)]
pub struct Making {
    /// Make so many images and containers at once [without N: 4]; by BuildKit where the daemon and its command have it
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "4")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=64))]
    pub parallel: Option<u32>,
    /// Take nothing from what was built before
    #[arg(long)]
    pub no_cache: bool,
    /// Have containers share the MAC of the interface (Docker's driver ipvlan), where the segment lets no other MAC in;
    /// on Wi-Fi they do anyway
    #[arg(long)]
    pub ipvlan: bool,
}

impl Making {
    /// For who makes them.
    pub fn wish(self) -> images::Making {
        images::Making { no_cache: self.no_cache, at_once: self.parallel }
    }

    /// Whether something was said of images.
    pub(super) fn is_said(self) -> bool {
        self.no_cache || self.parallel.is_some()
    }

    /// Puts into `fleet` what its workers are to know.
    ///
    /// # Errors
    /// When `fleet` has no containers.
    pub(super) fn put(self, fleet: &mut Fleet) -> Result<()> {
        if self.is_said() && fleet.runtime != Runtime::Docker {
            bail!("--parallel and --no-cache are about images: they need the runtime docker");
        }
        fleet.parallel = self.parallel;
        if self.ipvlan {
            fleet.ipvlan = Some(true);
        }
        let stands = fleet.runtime == Runtime::Docker && fleet.network.interface.is_some();
        if fleet.ipvlan == Some(true) && !stands {
            bail!(
                "ipvlan is about containers on the segment of an interface: it needs --runtime docker and --interface \
                 IF; the runtime native has a MAC for each decky"
            );
        }
        Ok(())
    }

    /// Makes the images of `fleet` before its containers, where somebody says how: they are made anew.
    ///
    /// # Errors
    /// When one cannot be made.
    pub(super) async fn build(self, context: &Context, fleet: &Fleet) -> Result<()> {
        if self.is_said() {
            let all = images::build(&context.fleet(), &fleet.custom, self.wish()).await?;
            output::note(&format!("{} images are there", all.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn parsed(line: &[&str]) -> Option<(Option<u32>, bool)> {
        let command = Making::augment_args(clap::Command::new("deploy"));
        let matches = command.try_get_matches_from([&["deploy"], line].concat()).ok()?;
        let making = Making::from_arg_matches(&matches).ok()?;
        Some((making.parallel, making.no_cache))
    }

    #[test]
    fn how_many_at_once_may_be_left_to_us() {
        for (line, read) in [
            (&[][..], Some((None, false))),
            (&["--parallel"], Some((Some(4), false))),
            (&["--parallel", "2", "--no-cache"], Some((Some(2), true))),
            (&["--parallel=64"], Some((Some(64), false))),
            (&["--parallel=0"], None),
            (&["--parallel=65"], None),
        ] {
            assert_eq!(parsed(line), read, "{line:?}");
        }
    }

    #[test]
    fn only_a_fleet_of_containers_has_images() {
        let network = || "10.67.0.0/24".parse().unwrap();
        let said = Making { parallel: Some(2), ..Making::default() };
        let mut fleet = Fleet::of(Runtime::Docker, network());
        said.put(&mut fleet).unwrap();
        assert_eq!(fleet.parallel, Some(2));
        Making::default().put(&mut fleet).unwrap();
        assert_eq!(fleet.parallel, None, "the next deploy says nothing");
        let mut other = Fleet::of(Runtime::Loopback, network());
        Making::default().put(&mut other).unwrap();
        assert!(said.put(&mut other).unwrap_err().to_string().contains("runtime docker"));
    }

    #[test]
    fn one_mac_is_shared_by_containers_on_a_segment_and_the_choice_is_kept() {
        let shared = Making { ipvlan: true, ..Making::default() };
        for (runtime, interface, fits) in [
            (Runtime::Docker, Some("eth0"), true),
            (Runtime::Docker, None, false),
            (Runtime::Native, Some("eth0"), false),
        ] {
            let mut fleet = Fleet::of(runtime, "192.0.2.0/24".parse().unwrap());
            fleet.network.interface = interface.map(str::to_owned);
            assert_eq!(shared.put(&mut fleet).is_ok(), fits, "{runtime:?} {interface:?}");
            assert_eq!(fleet.ipvlan, Some(true));
            assert_eq!(Making::default().put(&mut fleet).is_ok(), fits, "as a file may say it");
        }
    }
}
