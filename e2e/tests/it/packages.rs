//! What is shipped: the same bytes twice, a package and an image that hold what they should.

use crate::fleet::{have, printed, program};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Makes everything that is shipped into a folder; says its checksums.
fn made(out: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(root.join("packaging/build.sh"))
        .arg(program("decnet").parent().unwrap())
        .arg(out)
        .envs([("SOURCE_DATE_EPOCH", "1700000000"), ("PACKAGE_LEVEL", "1")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    fs::read_to_string(out.join("SHA256SUMS")).unwrap()
}

/// The one file in a folder that ends so.
fn ending(folder: &Path, end: &str) -> PathBuf {
    let mut found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    found.find(|path| path.to_str().unwrap().ends_with(end)).unwrap()
}

#[test]
fn what_is_shipped_is_the_same_twice() {
    if !have("dpkg-deb", "dpkg") || !have("git", "git") {
        return;
    }
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let sums = made(&first);
    assert_eq!(sums.lines().count(), 3, "{sums}");
    assert_eq!(sums, made(&second));
    let listed = Command::new("dpkg-deb").arg("-c").arg(ending(&first, ".deb")).output().unwrap();
    let listed = printed(&listed);
    for path in [
        "usr/bin/decnet",
        "usr/bin/netsvcd",
        "man1/decnet-init.1.gz",
        "completions/decnet",
        "decnet.ini.example",
        "doc/decnet/start.md",
    ] {
        assert!(listed.contains(path), "{path}: {listed}");
    }
    assert!(!listed.lines().any(|line| !line.contains("root/root")), "{listed}");
    an_image_needs_nothing_else(&ending(&first, ".oci.tar"), folder.path());
}

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", printed(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Digests are those of the files, and the programs run as the account, in a root that holds the layers alone.
fn an_image_needs_nothing_else(image: &Path, folder: &Path) {
    let (layout, root) = (folder.join("layout"), folder.join("root"));
    fs::create_dir(&layout).unwrap();
    fs::create_dir(&root).unwrap();
    ran(Command::new("tar").arg("-C").arg(&layout).arg("-xf").arg(image));
    let blobs = layout.join("blobs/sha256");
    for blob in fs::read_dir(&blobs).unwrap() {
        let path = blob.unwrap().path();
        let said = ran(Command::new("sha256sum").arg(&path));
        assert_eq!(said.split(' ').next(), path.file_name().unwrap().to_str());
    }
    let blob = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        let path = blobs.join(digest.strip_prefix("sha256:").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().len(), descriptor["size"].as_u64().unwrap());
        path
    };
    let manifest = json(&blob(&json(&layout.join("index.json"))["manifests"][0]));
    let config = json(&blob(&manifest["config"]));
    let layers = manifest["layers"].as_array().unwrap();
    for (layer, difference) in layers.iter().zip(config["rootfs"]["diff_ids"].as_array().unwrap()) {
        let path = blob(layer);
        let sum = ran(Command::new("sh").args(["-c", "gzip -dc \"$0\" | sha256sum"]).arg(&path));
        assert!(difference.as_str().unwrap().ends_with(sum.split(' ').next().unwrap()), "{sum}");
        ran(Command::new("tar").arg("-C").arg(&root).arg("-xzf").arg(&path));
    }
    // What `docker load` of old reads names the same files.
    let docker = json(&layout.join("manifest.json"));
    assert_eq!(docker[0]["Layers"].as_array().unwrap().len(), layers.len());
    assert_eq!(json(&layout.join(docker[0]["Config"].as_str().unwrap())), config);
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let user = config["config"]["User"].as_str().unwrap();
    let inside = |words: &[&str]| {
        let mut command = Command::new("/usr/sbin/chroot");
        command.arg("--userspec").arg(user).arg(&root).arg("/usr/bin/decnet").args(words).env_clear();
        command.envs([
            ("DECNET_STATE_DIR", "/var/lib/decnet"),
            ("DECNET_API_PORT", "39417"),
            ("DECNET_WEB_PORT", "39418"),
        ]);
        command
    };
    assert!(ran(&mut inside(&["version"])).starts_with("decnet "));
    let mut running = inside(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !inside(&["events", "--json"]).output().unwrap().status.success() {
        assert!(running.try_wait().unwrap().is_none() && Instant::now() < deadline, "workers of the image");
        std::thread::sleep(Duration::from_millis(200));
    }
    kill(Pid::from_raw(running.id() as i32), Signal::SIGTERM).unwrap();
    // A bare root has no /proc, without which the keeper cannot tell how its parts ended: with whatever status.
    running.wait().unwrap();
}
