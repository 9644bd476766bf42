//! VNC servers by system.

use netsvc_kit::declared::{Daemon, REDHAT};

const TIGERVNC: Daemon = Daemon {
    product: "tigervnc",
    binary: "/usr/bin/Xtigervnc",
    command: "/usr/bin/Xtigervnc :0 -localhost=0 -desktop=root -rfbport=5900 -SecurityTypes X509Vnc,VncAuth \
              -PasswordFile /root/.vnc/passwd -ClientWaitTimeMillis 30000 -geometry 1280x800 -depth 24",
    unit: "tigervncserver@:0",
    about: "Remote desktop service (VNC)",
    package: ("tigervnc-standalone-server", "Standalone virtual network computing server"),
    size: (171_300, 52_400),
    ..Daemon::ROOT
};

const SCREEN_SHARING: &str =
    "/System/Library/CoreServices/RemoteManagement/screensharingd.bundle/Contents/MacOS/screensharingd";

/// See [`Daemon`].
pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        product: "x11vnc",
        binary: "/usr/bin/x11vnc",
        command: "/usr/bin/x11vnc -display :0 -auth guess -forever -loop -shared -rfbport 5900 -rfbauth \
                  /etc/x11vnc.pass",
        unit: "x11vnc",
        about: "x11vnc",
        package: ("x11vnc", "VNC server to allow remote access to an existing X session"),
        size: (41_200, 17_300),
        ..Daemon::ROOT
    },
    Daemon {
        product: "tightvnc",
        binary: "/usr/bin/Xtightvnc",
        command: "Xtightvnc :0 -desktop X -auth /root/.Xauthority -geometry 1024x768 -depth 24 \
                  -rfbwait 120000 -rfbauth /root/.vnc/passwd -rfbport 5900",
        unit: "vncserver@0",
        about: "TightVNC server",
        package: ("tightvncserver", "virtual network computing server software"),
        epoch: "1:",
        size: (20_100, 14_800),
        ..Daemon::ROOT
    },
    Daemon {
        systems: REDHAT,
        binary: "/usr/bin/Xvnc",
        command: "/usr/bin/Xvnc :0 -auth /root/.Xauthority -desktop root -fp \
                  catalogue:/etc/X11/fontpath.d -geometry 1280x800 -pn -rfbauth /root/.vnc/passwd \
                  -rfbport 5900 -SecurityTypes X509Vnc,VncAuth",
        unit: "vncserver@:0",
        package: ("tigervnc-server", "A TigerVNC server"),
        ..TIGERVNC
    },
    Daemon {
        systems: &["arch"],
        binary: "/usr/bin/Xvnc",
        command: "/usr/bin/Xvnc :0 -desktop root -rfbauth /root/.vnc/passwd -rfbport 5900 -SecurityTypes \
                  X509Vnc,VncAuth",
        unit: "vncserver@:0",
        package: ("tigervnc", "Suite of VNC servers and clients"),
        ..TIGERVNC
    },
    TIGERVNC,
    Daemon {
        product: "screen sharing",
        binary: SCREEN_SHARING,
        command: SCREEN_SHARING,
        size: (4_380_000, 9_800),
        ..Daemon::ROOT
    },
];
