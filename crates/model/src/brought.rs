//! What a decky serves of what its operator brings along.

use crate::{
    custom::CustomService,
    fleet::{Decky, Fleet},
    runtime::Runtime,
};

impl Fleet {
    /// The services of the operator's own that `decky` serves: none where the runtime has no containers.
    pub fn brought<'a>(&'a self, decky: &'a Decky) -> impl Iterator<Item = &'a CustomService> {
        let served =
            |custom: &&CustomService| self.runtime == Runtime::Docker && decky.absent.contains(&custom.name);
        self.custom.iter().filter(served)
    }

    /// What `decky` was to serve and does not.
    pub fn absent<'a>(&'a self, decky: &'a Decky) -> impl Iterator<Item = &'a str> {
        let served = |slug: &&String| !self.brought(decky).any(|custom| custom.name == **slug);
        decky.absent.iter().filter(served).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_runtime_with_containers_serves_them() {
        let network = "192.0.2.0/24".parse().unwrap();
        let mut fleet = Fleet::of(Runtime::Docker, network);
        fleet.custom = vec![CustomService::of("shop", "shop:1"), CustomService::of("mail", "mail:1")];
        let mut decky = Decky::of("web".parse().unwrap(), [192, 0, 2, 5].into(), "debian12");
        decky.absent = vec!["shop".to_owned(), "k8s".to_owned()];
        assert_eq!(fleet.brought(&decky).map(|custom| custom.name.as_str()).collect::<Vec<_>>(), ["shop"]);
        assert_eq!(fleet.absent(&decky).collect::<Vec<_>>(), ["k8s"]);
        fleet.runtime = Runtime::Native;
        assert_eq!(fleet.brought(&decky).count(), 0);
        assert_eq!(fleet.absent(&decky).collect::<Vec<_>>(), ["shop", "k8s"]);
    }
}
