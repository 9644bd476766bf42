//! Whether containers are what they should be, and what of them is not as it was left.

use super::listing::{self, Listed};
use decnet_compose::Container;
use std::collections::BTreeMap;

/// Whether a decky is what it should be: each container runs, was made from what it should be made from, and there
/// is no other one.
pub(super) fn stands(
    wanted: &[Container],
    decky: &str,
    listed: &[Listed],
    images: &BTreeMap<String, String>,
) -> bool {
    let ours: Vec<_> = listed.iter().filter(|one| one.decky() == decky).collect();
    ours.len() == wanted.len()
        && wanted.iter().all(|want| ours.iter().any(|one| one.runs() && is_made_from(one, want, images)))
}

/// Whether `one` is the container `want`, of the image that is called so now.
pub(super) fn is_made_from(one: &Listed, want: &Container, images: &BTreeMap<String, String>) -> bool {
    one.part() == want.part
        && one.spec() == want.spec()
        && images.get(&listing::tagged(&want.image)).is_none_or(|id| *id == one.image_id)
}

/// Whether something of a decky that is wanted as it was has ended or gone: one of `ours` does not run though it is
/// what it should be, or there is none.
pub(super) fn has_ended(wanted: &[Container], ours: &[&Listed], images: &BTreeMap<String, String>) -> bool {
    wanted.iter().any(|want| {
        let of_part: Vec<_> = ours.iter().filter(|one| one.part() == want.part).collect();
        of_part.is_empty() || of_part.iter().any(|one| !one.runs() && is_made_from(one, want, images))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_compose::Attached;
    use serde_json::json;

    fn container(part: &str) -> Container {
        Container {
            key: format!("web-{part}"),
            decky: "web".to_owned(),
            part: part.to_owned(),
            image: "shop:1".to_owned(),
            command: Vec::new(),
            hostname: None,
            domain: None,
            attached: Attached::To("web".to_owned()),
            sysctls: BTreeMap::new(),
            env: BTreeMap::new(),
            user: None,
            capabilities: Vec::new(),
            writable: Vec::new(),
            mounts: Vec::new(),
            memory: 1,
            pids: 1,
            milli_cpus: 1,
            health: None,
            reads: String::new(),
        }
    }

    fn listed(of: &Container, state: &str, image: &str) -> Listed {
        let labels = json!({
            (decnet_compose::LABEL_DECKY): of.decky, (decnet_compose::LABEL_PART): of.part,
            (decnet_compose::LABEL_SPEC): of.spec(),
        });
        serde_json::from_value(json!({ "Id": of.part, "State": state, "ImageID": image, "Labels": labels }))
            .unwrap()
    }

    #[test]
    fn what_ended_or_went_is_told_from_what_was_changed() {
        let wanted = [container("base"), container("shop")];
        let images = BTreeMap::from([("shop:1".to_owned(), "sha256:1".to_owned())]);
        let [base, shop] = &wanted;
        let other = Container { memory: 2, ..shop.clone() };
        let runs = |of: &Container| listed(of, "running", "sha256:1");
        for (ours, stood, ended) in [
            (vec![runs(base), runs(shop)], true, false),
            (vec![runs(base), listed(shop, "exited", "sha256:1")], false, true),
            (vec![runs(base)], false, true),
            (vec![], false, true),
            // Somebody wants it otherwise, or has made another image.
            (vec![runs(base), runs(&other)], false, false),
            (vec![runs(base), listed(&other, "exited", "sha256:1")], false, false),
            (vec![runs(base), listed(shop, "running", "sha256:0")], false, false),
        ] {
            let all: Vec<_> = ours.iter().collect();
            assert_eq!(stands(&wanted, "web", &ours, &images), stood, "{ours:?}");
            assert_eq!(has_ended(&wanted, &all, &images), ended, "{ours:?}");
        }
    }
}
