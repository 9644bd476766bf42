//! The rules of this release: the files in `rules/`.

/// Names of files and what is in them.
pub(super) const LIBRARY: &[(&str, &str)] = &[
    ("containers.yaml", include_str!("../../rules/containers.yaml")),
    ("data.yaml", include_str!("../../rules/data.yaml")),
    ("directory.yaml", include_str!("../../rules/directory.yaml")),
    ("logins.yaml", include_str!("../../rules/logins.yaml")),
    ("mail.yaml", include_str!("../../rules/mail.yaml")),
    ("network.yaml", include_str!("../../rules/network.yaml")),
    ("plants.yaml", include_str!("../../rules/plants.yaml")),
    ("shell.yaml", include_str!("../../rules/shell.yaml")),
    ("web.yaml", include_str!("../../rules/web.yaml")),
    ("windows.yaml", include_str!("../../rules/windows.yaml")),
];
