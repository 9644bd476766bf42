//! The rules of techniques: those of this release, and those that the operator puts into the folder `rules`.

use decnet_analysis::technique::{BadRule, Rules};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// Most bytes of a file of rules.
const FILE_BYTES: u64 = 1 << 20;
/// Most files.
const FILES: usize = 256;
/// Time between two looks at the folder.
const LOOK: Duration = Duration::from_secs(5);

/// Files of rules, by name, with size and time of the last change.
type Stamp = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// The operator's rules, and how they were when they were read.
#[derive(Debug)]
pub struct RuleFolder {
    folder: PathBuf,
    stamp: Stamp,
    looked: Instant,
    rules: Arc<Rules>,
    wrong: Option<String>,
}

/// Why a folder of rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    /// It, or a file in it, cannot be read.
    #[error("read {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// What is wrong with rules, one a line.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Rules(Vec<BadRule>),
}

/// The rules of this release with those in `folder`, which need not be there.
///
/// # Errors
/// [`BadRules`] with everything that is wrong.
pub fn read(folder: &Path) -> Result<Rules, BadRules> {
    let mut more = Vec::new();
    for path in stamp(folder)?.into_keys() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut text = String::new();
        let file = std::fs::File::open(&path).map_err(|error| BadRules::File(path.clone(), error))?;
        file.take(FILE_BYTES).read_to_string(&mut text).map_err(|error| BadRules::File(path, error))?;
        more.push((name, text));
    }
    Rules::new(&more).map_err(BadRules::Rules)
}

fn stamp(folder: &Path) -> Result<Stamp, BadRules> {
    let bad = |error| BadRules::File(folder.to_owned(), error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stamp::new()),
        Err(error) => return Err(bad(error)),
    };
    let mut stamp = Stamp::new();
    for entry in entries.take(FILES) {
        let path = entry.map_err(bad)?.path();
        if path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") {
            let data = std::fs::metadata(&path).map_err(|error| BadRules::File(path.clone(), error))?;
            stamp.insert(path, (data.len(), data.modified().ok()));
        }
    }
    Ok(stamp)
}

impl RuleFolder {
    /// Reads `folder`. With rules in it that cannot be used, those of this release are.
    ///
    /// # Errors
    /// When those of this release are wrong.
    pub fn open(folder: PathBuf) -> Result<RuleFolder, BadRules> {
        let seen = stamp(&folder).unwrap_or_default();
        let (rules, wrong) = match read(&folder) {
            Ok(rules) => (rules, None),
            Err(error) => (Rules::new(&[]).map_err(BadRules::Rules)?, Some(told(&error))),
        };
        Ok(RuleFolder { folder, stamp: seen, looked: Instant::now(), rules: Arc::new(rules), wrong })
    }

    /// The rules.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// What is wrong with those in the folder; then the ones before are in use.
    pub fn wrong(&self) -> Option<&str> {
        self.wrong.as_deref()
    }

    /// Looks now and then whether the folder is another; whether the rules are.
    pub fn look(&mut self) -> bool {
        if self.looked.elapsed() < LOOK {
            return false;
        }
        self.looked = Instant::now();
        let Ok(now) = stamp(&self.folder) else { return false };
        if now == self.stamp {
            return false;
        }
        self.stamp = now;
        match read(&self.folder) {
            Ok(rules) => {
                self.wrong = None;
                let other = rules.version() != self.rules.version();
                self.rules = Arc::new(rules);
                other
            }
            Err(error) => {
                self.wrong = Some(told(&error));
                false
            }
        }
    }
}

fn told(error: &BadRules) -> String {
    match error {
        BadRules::File(_, source) => format!("{error}: {source}"),
        BadRules::Rules(_) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = "- id: mine\n  technique: T1105\n  title: t\n  confidence: low\n  when: [{kind: command}]\n  \
                        fires: [{kind: command}]\n  silent: [{kind: query}]\n";

    #[test]
    fn rules_of_the_operator_join_and_wrong_ones_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let own = RuleFolder::open(folder.path().join("none")).unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, MINE).unwrap();
        let mut with = RuleFolder::open(folder.path().to_owned()).unwrap();
        assert_eq!(with.rules().all().len(), own.rules().all().len() + 1);
        assert_ne!(with.rules().version(), own.rules().version());
        std::fs::write(&path, MINE.replace("T1105", "T1106")).unwrap();
        with.looked -= LOOK * 2;
        with.stamp.clear();
        assert!(!with.look() && with.wrong().unwrap().starts_with("a.yaml: mine: \"T1106\" is no technique"));
        assert_eq!(with.rules().all().len(), own.rules().all().len() + 1);
        std::fs::write(&path, MINE.replace("title: t", "title: u")).unwrap();
        with.looked -= LOOK * 2;
        with.stamp.clear();
        assert!(with.look() && with.wrong().is_none());
    }
}
