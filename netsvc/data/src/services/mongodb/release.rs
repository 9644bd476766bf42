//! What the releases of the server differ in.
//!
//! Source: `buildInfo` and the first lines of the log of the releases; `src/mongo/db/wire_version.h`.

use super::bson::{Doc, Value, bson};
use netsvc_kit::Host;

/// A release as a system's packages have it.
#[derive(Clone, Debug)]
pub(super) struct Release {
    pub version: String,
    /// Major and minor number.
    pub line: (u32, u32),
    pub git: &'static str,
    /// `maxWireVersion`.
    pub wire: i32,
    /// Name of the build, such as `ubuntu2204`.
    build: &'static str,
    /// OpenSSL that it was compiled with and runs with.
    openssl: (&'static str, &'static str),
}

/// Revisions, by version.
const REVISIONS: &[(&str, &str)] = &[
    ("4.4.3", "913d6b62acfbb344dde1b116f4161360acd8fd13"),
    ("4.4.4", "8db30a63db1a9d84bdcad0c83369623f708e0397"),
    ("4.4.6", "72e66213c2c3eab37d9358d5e78ad7f5c1d0d0d7"),
    ("5.0.3", "657fea5a61a74d7a79df7aff8e4bcf0bc742b748"),
    ("5.0.6", "212a8dbb47f07427dae194a9c75baec1d81d9259"),
    ("5.0.14", "1b3b0073a0b436a8a502b612f24fb2bd572772e5"),
    ("5.0.31", "973237567d45610d6976d5d489dfaaef6a52c2f9"),
    ("6.0.1", "32f0f9c88dc44a2c8073a5bd47cf779d4bfdee6b"),
    ("6.0.6", "26b4851a412cc8b9b4a18cdb6cd0f9f642e06aa7"),
    ("6.0.15", "7494119c41ca4e13b493e9f048df4032164e860e"),
    ("6.0.22", "ee527360b84c6798535ee0895de3c7186b3522f9"),
    ("7.0.5", "7809d71e84e314b497f282ea8aa06d7ded3eb205"),
    ("7.0.8", "c5d33e55ba38d98e2f48765ec4e55338d67a4a64"),
    ("7.0.14", "ce59cfc6a3c5e5c067dca0d30697edd68d4f5188"),
    ("7.0.16", "18b949444cfdaa88e30b0e10243bc18268251c1f"),
];

/// System, build, OpenSSL as compiled in and as it runs.
const BUILDS: &[(&str, &str, &str, &str)] = &[
    ("debian12", "debian12", "OpenSSL 3.0.9 30 May 2023", "OpenSSL 3.0.11 19 Sep 2023"),
    ("debian11", "debian11", "OpenSSL 1.1.1k  25 Mar 2021", "OpenSSL 1.1.1n  15 Mar 2022"),
    ("debian10", "debian10", "OpenSSL 1.1.1d  10 Sep 2019", "OpenSSL 1.1.1n  15 Mar 2022"),
    ("ubuntu2204", "ubuntu2204", "OpenSSL 3.0.2 15 Mar 2022", "OpenSSL 3.0.2 15 Mar 2022"),
    ("ubuntu2004", "ubuntu2004", "OpenSSL 1.1.1f  31 Mar 2020", "OpenSSL 1.1.1f  31 Mar 2020"),
    ("ubuntu1804", "ubuntu1804", "OpenSSL 1.1.1  11 Sep 2018", "OpenSSL 1.1.1  11 Sep 2018"),
    ("rocky9", "rhel90", "OpenSSL 3.0.1 14 Dec 2021", "OpenSSL 3.0.7 1 Nov 2022"),
    ("rocky8", "rhel80", "OpenSSL 1.1.1k  FIPS 25 Mar 2021", "OpenSSL 1.1.1k  FIPS 25 Mar 2021"),
    ("centos7", "rhel70", "OpenSSL 1.0.1e-fips 11 Feb 2013", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
];

const FLAGS: &str = "-Werror -include mongo/platform/basic.h -ffp-contract=off -fasynchronous-unwind-tables -ggdb \
    -Wall -Wsign-compare -Wno-unknown-pragmas -Winvalid-pch -fno-omit-frame-pointer -fno-strict-aliasing -O2 \
    -march=sandybridge -mtune=generic -mprefer-vector-width=128 -Wno-unused-local-typedefs \
    -Wno-unused-function -Wno-deprecated-declarations -Wno-unused-const-variable \
    -Wno-unused-but-set-variable -Wno-missing-braces -fstack-protector-strong \
    -Wa,--nocompress-debug-sections -fno-builtin-memcmp";
const FLAGS_CXX: &str = "-Woverloaded-virtual -Wpessimizing-move -Wno-maybe-uninitialized -fsized-deallocation \
    -Wno-deprecated -std=c++20";
const FLAGS_LINK: &str = "-Wl,--fatal-warnings -B/opt/mongodbtoolchain/v4/bin -gdwarf-5 -pthread -Wl,-z,now \
    -fuse-ld=lld -fstack-protector-strong -gdwarf64 -Wl,--build-id -Wl,--hash-style=gnu -Wl,-z,noexecstack \
    -Wl,--warn-execstack -Wl,-z,relro -Wl,--compress-debug-sections=none -Wl,-z,origin -Wl,--enable-new-dtags";
const DEFINES: &str = "SAFEINT_USE_INTRINSICS 0 PCRE2_STATIC NDEBUG _XOPEN_SOURCE 700 _GNU_SOURCE _FORTIFY_SOURCE 2 \
    ABSL_FORCE_ALIGNED_ACCESS BOOST_ENABLE_ASSERT_DEBUG_HANDLER BOOST_FILESYSTEM_NO_CXX20_ATOMIC_REF \
    BOOST_LOG_NO_SHORTHAND_NAMES BOOST_LOG_USE_NATIVE_SYSLOG BOOST_LOG_WITHOUT_THREAD_ATTR \
    BOOST_MATH_NO_LONG_DOUBLE_MATH_FUNCTIONS BOOST_SYSTEM_NO_DEPRECATED BOOST_THREAD_USES_DATETIME \
    BOOST_THREAD_VERSION 5";

impl Release {
    /// The release that the persona of `host` claims.
    pub(super) fn of(host: &Host) -> Self {
        let version = host.product().map_or("7.0.8", |product| product.version.as_str());
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
        let line = (numbers.next().unwrap_or(7), numbers.next().unwrap_or(0));
        let git = REVISIONS.iter().find(|(known, _)| *known == version).map_or("", |(_, git)| git);
        let system = host.persona().os.id.as_str();
        let build = BUILDS.iter().find(|(id, ..)| *id == system).or(BUILDS.first());
        let (build, compiled, running) =
            build.map_or(("", "", ""), |(_, build, compiled, running)| (*build, *compiled, *running));
        let wire = match line {
            (0..=4, _) => 9,
            (5, _) => 13,
            (6, _) => 17,
            _ => 21,
        };
        Release { version: version.to_owned(), line, git, wire, build, openssl: (compiled, running) }
    }

    /// Whether commands may come as queries, as they could up to 5.0.
    pub(super) fn takes_queries(&self) -> bool {
        self.line < (5, 1)
    }

    /// The answer to `buildInfo`.
    pub(super) fn build_info(&self) -> Doc {
        let (major, minor) = self.line;
        let patch = self.version.rsplit('.').next().and_then(|patch| patch.parse::<i32>().ok()).unwrap_or(0);
        let numbers = [major, minor].map(|number| Value::from(i32::try_from(number).unwrap_or(0)));
        let numbers: Vec<Value> = numbers.into_iter().chain([patch.into(), 0.into()]).collect();
        let (compiled, running) = self.openssl;
        let (toolchain, gcc, standard) = match major {
            0..=5 => ("v3", "8.5.0", "c++17"),
            6 => ("v3", "8.5.0", "c++20"),
            _ => ("v4", "11.3.0", "c++20"),
        };
        let engines: &[&str] = match major {
            0..=4 => &["biggie", "devnull", "ephemeralForTest", "wiredTiger"],
            5 | 6 => &["devnull", "ephemeralForTest", "wiredTiger"],
            _ => &["devnull", "wiredTiger"],
        };
        let environment = bson! {
            "distmod" => self.build, "distarch" => "x86_64",
            "cc" => format!("/opt/mongodbtoolchain/{toolchain}/bin/gcc: gcc (GCC) {gcc}"), "ccflags" => FLAGS,
            "cxx" => format!("/opt/mongodbtoolchain/{toolchain}/bin/g++: g++ (GCC) {gcc}"),
            "cxxflags" => FLAGS_CXX.replace("c++20", standard),
            "linkflags" => FLAGS_LINK.replace("v4", toolchain),
            "target_arch" => "x86_64", "target_os" => "linux", "cppdefines" => DEFINES,
        };
        bson! {
            "version" => self.version.as_str(), "gitVersion" => self.git, "modules" => Vec::new(),
            "allocator" => "tcmalloc", "javascriptEngine" => "mozjs", "sysInfo" => "deprecated",
            "versionArray" => numbers, "openssl" => bson! { "running" => running, "compiled" => compiled },
            "buildEnvironment" => environment, "bits" => 64, "debug" => false, "maxBsonObjectSize" => 16_777_216,
            "storageEngines" => engines.iter().map(|name| Value::from(*name)).collect::<Vec<_>>(), "ok" => 1.0,
        }
    }
}
