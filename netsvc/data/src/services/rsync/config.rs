//! The modules of `/etc/rsyncd.conf`, as the host's files have it (rsyncd.conf(5)).

/// Modules that are read.
const MOST: usize = 64;

/// A module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Module {
    /// Name.
    pub(super) name: String,
    /// What the list says of it.
    pub(super) comment: String,
    /// Folder.
    pub(super) path: String,
    /// Whether the list has it.
    pub(super) listed: bool,
    /// Whether nothing can be put there.
    pub(super) read_only: bool,
    /// Users that may log in; none: nobody has to.
    pub(super) users: Vec<String>,
    /// File with their passwords.
    pub(super) secrets: String,
}

/// Reads the modules; what stands before the first one holds for all.
pub(super) fn modules(text: &str) -> Vec<Module> {
    let mut general = Module {
        name: String::new(),
        comment: String::new(),
        path: String::new(),
        listed: true,
        read_only: true,
        users: Vec::new(),
        secrets: String::new(),
    };
    let mut modules: Vec<Module> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if MOST <= modules.len() {
                break;
            }
            modules.push(Module { name: name.trim().to_owned(), ..general.clone() });
        } else if let Some((key, value)) = line.split_once('=') {
            modules.last_mut().unwrap_or(&mut general).set(key, value.trim());
        }
    }
    modules.retain(|module| !module.path.is_empty());
    modules
}

impl Module {
    fn set(&mut self, key: &str, value: &str) {
        let yes = ["yes", "true", "1"].iter().any(|word| value.eq_ignore_ascii_case(word));
        // White space within a key does not count.
        match key.split_whitespace().collect::<String>().to_ascii_lowercase().as_str() {
            "comment" => value.clone_into(&mut self.comment),
            "path" => {
                let path = value.trim_end_matches('/');
                (if path.is_empty() { "/" } else { path }).clone_into(&mut self.path);
            }
            "list" => self.listed = yes,
            "readonly" => self.read_only = yes,
            "authusers" => {
                let names = value.split([',', ' ']).filter(|name| !name.is_empty());
                // What follows a colon is an option of the user (`:rw`).
                self.users = names.map(|name| name.split(':').next().unwrap_or(name).to_owned()).collect();
            }
            "secretsfile" => value.clone_into(&mut self.secrets),
            _ => {}
        }
    }

    /// The module's line in the list.
    pub(super) fn line(&self) -> String {
        format!("{:<15}\t{}\n", self.name, self.comment)
    }
}

/// The password of `user` in a file of secrets.
pub(super) fn secret<'a>(text: &'a str, user: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.find_map(|line| line.split_once(':').filter(|(name, _)| *name == user).map(|(_, secret)| secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_take_what_stands_before_them() {
        let text =
            "# all\nread only = no\nAuth Users = a, b:rw\n[x]\npath = /x/\nlist=no\n[y]\ncomment = of y\n";
        let read = modules(&format!("{text}path=/\nread  only = true\n[z]\ncomment = nowhere\n"));
        let [x, y] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((x.path.as_str(), x.listed, x.read_only, x.users.len()), ("/x", false, false, 2));
        assert_eq!(
            (y.path.as_str(), y.read_only, y.users.as_slice()),
            ("/", true, &["a".to_owned(), "b".to_owned()][..])
        );
        assert_eq!(y.line(), "y              \tof y\n");
        assert_eq!(secret("#a:1\na:2:3\n", "a"), Some("2:3"));
        assert_eq!(secret("a:1", "b"), None);
    }
}
