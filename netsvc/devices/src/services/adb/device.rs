//! The box: its board, what it says of itself, and what of Android is in its file system.

use crate::account;
use netsvc_kit::{Host, recorder};
use netsvc_shell::ShellHost;
use rand_core::RngCore;
use std::{fmt::Write, sync::Arc};

/// Product and device, model, brand, platform, release.
type Board = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Boards with the boxes that are made of them.
const BOARDS: &[Board] = &[
    ("p281", "TX3 Mini", "Amlogic", "gxl", "7.1.2"),
    ("p212", "X96mini", "Amlogic", "gxl", "7.1.2"),
    ("rk322x_box", "MXQ-4K", "rockchip", "rk322x", "7.1.2"),
    ("m201", "MXQ", "MBX", "meson8", "4.4.2"),
];

/// A box whose release no board here has.
const FALLBACK: Board = ("p212", "X96mini", "Amlogic", "gxl", "7.1.2");

/// Commands that stand for Android's own.
const PM: &str = r#"#!/system/bin/sh
case "$1" in
install) shift; for f in "$@"; do :; done
  if [ -f "$f" ]; then echo "	pkg: $f"; echo Success
  else echo "Error: Unable to open file: $f"; exit 1; fi ;;
uninstall) echo Success ;;
path) case "$2" in com.android.settings) echo package:/system/priv-app/Settings/Settings.apk ;; *) exit 1 ;; esac ;;
list) for p in android com.android.settings com.android.shell com.google.android.gms com.android.vending; do
  echo "package:$p"; done ;;
enable|disable|hide|unhide|grant|clear) echo Success ;;
*) echo "usage: pm path [--user USER_ID] PACKAGE" ;;
esac
"#;
const AM: &str = r#"#!/system/bin/sh
c="$1"; shift
for a in "$@"; do :; done
case "$c" in
start) echo "Starting: Intent { cmp=$a }" ;;
startservice) echo "Starting service: Intent { cmp=$a }" ;;
broadcast) echo "Broadcasting: Intent { act=$a }"; echo "Broadcast completed: result=0" ;;
force-stop|kill) : ;;
*) echo "usage: am [subcommand] [options]" ;;
esac
"#;
const SETTINGS: &str = "#!/system/bin/sh\ncase \"$1\" in get) echo null ;; esac\n";
const SILENT: &str = "#!/system/bin/sh\nexit 0\n";

/// A box.
#[derive(Clone, Debug)]
pub(super) struct Device {
    product: &'static str,
    model: &'static str,
    brand: &'static str,
    platform: &'static str,
    release: String,
    serial: String,
}

/// The shell of a box; made once for a node.
struct BoxShell(Arc<ShellHost>);

impl Device {
    /// The one that `host` is.
    pub(super) fn of(host: &Host) -> Device {
        let release = host.product().map_or("7.1.2", |product| product.version.as_str());
        let mut random = host.generator("board");
        let fitting: Vec<_> = BOARDS.iter().filter(|board| board.4 == release).collect();
        let drawn = usize::try_from(random.next_u32()).unwrap_or_default() % fitting.len().max(1);
        let (product, model, brand, platform, _) = fitting.get(drawn).map_or(FALLBACK, |board| **board);
        let serial = format!("{:016x}", random.next_u64());
        Device { product, model, brand, platform, release: release.to_owned(), serial }
    }

    /// Whether its daemon is of Android 7 or later.
    pub(super) fn is_new(&self) -> bool {
        !self.release.starts_with('4')
    }

    /// Most bytes of the data of a message (`MAX_PAYLOAD`).
    pub(super) fn most(&self) -> u32 {
        if self.is_new() { 256 * 1024 } else { 4096 }
    }

    /// What it says of itself.
    pub(super) fn banner(&self) -> Vec<u8> {
        let Device { product, model, .. } = self;
        let start = format!(
            "device::ro.product.name={product};ro.product.model={model};ro.product.device={product};"
        );
        // The older daemon counts the zero at the end.
        let end = if self.is_new() { "features=cmd,stat_v2,shell_v2" } else { "\0" };
        (start + end).into_bytes()
    }

    /// The prompt of root.
    pub(super) fn prompt(&self) -> String {
        let user = if self.is_new() { "" } else { "root@" };
        format!("{user}{}:\\w # ", self.product)
    }

    /// Its properties.
    fn properties(&self) -> Vec<(&'static str, String)> {
        let Device { product, model, brand, platform, release, serial } = self;
        let (sdk, id) = if self.is_new() { ("25", "NHG47L") } else { ("19", "KOT49H") };
        let text = |value: &str| value.to_owned();
        vec![
            ("ro.adb.secure", text("0")),
            ("ro.board.platform", text(platform)),
            ("ro.boot.serialno", text(serial)),
            ("ro.build.display.id", format!("{product}-userdebug {release} {id} test-keys")),
            ("ro.build.id", text(id)),
            ("ro.build.tags", text("test-keys")),
            ("ro.build.type", text("userdebug")),
            ("ro.build.version.release", text(release)),
            ("ro.build.version.sdk", text(sdk)),
            ("ro.debuggable", text("1")),
            ("ro.product.board", text(product)),
            ("ro.product.brand", text(brand)),
            ("ro.product.cpu.abi", text("armeabi-v7a")),
            ("ro.product.device", text(product)),
            ("ro.product.locale", text("en-US")),
            ("ro.product.manufacturer", text(brand)),
            ("ro.product.model", text(model)),
            ("ro.product.name", text(product)),
            ("ro.secure", text("0")),
            ("ro.serialno", text(serial)),
            ("service.adb.tcp.port", text("5555")),
            ("sys.boot_completed", text("1")),
        ]
    }

    /// The command that tells them.
    fn getprop(&self) -> String {
        let mut script = String::from("#!/system/bin/sh\ncase \"$1\" in\n");
        let mut all = String::new();
        for (name, value) in self.properties() {
            // A string takes what is written to it.
            let _ = writeln!(script, "{name}) echo \"{value}\" ;;");
            let _ = writeln!(all, "echo \"[{name}]: [{value}]\"");
        }
        script + "\"\")\n" + &all + ";;\n*) echo \"$2\" ;;\nesac\n"
    }

    /// `/system/build.prop`.
    fn build(&self) -> String {
        let lines = self.properties().into_iter().filter(|(name, _)| name.starts_with("ro."));
        lines.map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    /// The shell of the node of `host`, with what Android has beside.
    pub(super) fn shell(&self, host: &Host) -> Arc<ShellHost> {
        let make = || {
            let shell =
                ShellHost::new(host.node.persona.clone(), account::overlays(host), Arc::new(recorder::now));
            let mut shell = shell.with_services(account::services(host));
            let folders = [
                ("/data", 0o771),
                ("/data/app", 0o771),
                ("/data/local", 0o751),
                ("/data/local/tmp", 0o771),
                ("/sdcard", 0o771),
                ("/sdcard/Download", 0o771),
                ("/sdcard/DCIM", 0o771),
                ("/system", 0o755),
                ("/system/app", 0o755),
                ("/system/bin", 0o755),
                ("/system/etc", 0o755),
                ("/system/xbin", 0o755),
            ];
            for (path, mode) in folders {
                shell = shell.with_folder(path, mode);
            }
            shell = shell.with_file("/system/build.prop", 0o644, self.build().as_bytes());
            let (getprop, silent) =
                (self.getprop(), ["setprop", "input", "svc", "wm", "dumpsys", "logcat", "cmd"]);
            let commands = [("getprop", getprop.as_str()), ("pm", PM), ("am", AM), ("settings", SETTINGS)];
            for (name, script) in commands.into_iter().chain(silent.map(|name| (name, SILENT))) {
                shell = shell.with_file(&format!("/system/bin/{name}"), 0o755, script.as_bytes());
            }
            BoxShell(Arc::new(shell))
        };
        host.node.shared(make).0.clone()
    }
}
