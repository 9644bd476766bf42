//! Web servers by system: the units and files of the distributions' packages; devices from their process lists.

use netsvc_kit::declared::{Changed, Daemon, EMBEDDED, Laid, REDHAT};

const INDEX: Laid = Laid::file(
    "/var/www/html/index.html",
    0o644,
    Changed::Installed,
    "<html><body><h1>It works!</h1></body></html>\n",
);

const fn folder(path: &'static str) -> Laid {
    Laid::folder(path, 0o755, Changed::Installed)
}

const fn device(product: &'static str, binary: &'static str, command: &'static str) -> Daemon {
    Daemon { product, systems: EMBEDDED, binary, command, size: (2_912, 1_240), ..Daemon::ROOT }
}

pub(in super::super) const DAEMONS: &[Daemon] = &[
    device("dahua", "/usr/bin/sonia", "/usr/bin/sonia"),
    device("router", "/usr/bin/httpd", "/usr/bin/httpd"),
    device("app-webs", "/home/app/hicore", "/home/app/hicore"),
    device("dnvrs", "/home/app/davinci", "/home/app/davinci"),
    device("mbedthis", "/usr/bin/appWeb", "/usr/bin/appWeb -r /etc -f appWeb.conf"),
    device("", "/usr/sbin/httpd", "/usr/sbin/httpd -p 80"),
    Daemon {
        systems: &["qnap"],
        binary: "/usr/local/apache/bin/apache_proxy",
        command: "/usr/local/apache/bin/apache_proxy -k start -f /etc/apache-sys-proxy.conf",
        size: (27_600, 5_300),
        ..Daemon::ROOT
    },
    Daemon {
        systems: &["synology"],
        binary: "/usr/bin/httpd",
        command: "/usr/bin/httpd -DHAVE_PHP",
        size: (46_900, 9_800),
        ..Daemon::ROOT
    },
    Daemon {
        product: "nginx",
        binary: "/usr/sbin/nginx",
        command: "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
        unit: "nginx",
        about: "A high performance web server and a reverse proxy server",
        package: ("nginx", "small, powerful, scalable web/proxy server"),
        size: (10_300, 1_700),
        files: &[INDEX, folder("/etc/nginx/sites-enabled"), folder("/var/log/nginx")],
        ..Daemon::ROOT
    },
    Daemon {
        product: "apache",
        systems: REDHAT,
        binary: "/usr/sbin/httpd",
        command: "/usr/sbin/httpd -DFOREGROUND",
        unit: "httpd",
        about: "The Apache HTTP Server",
        package: ("httpd", "Apache HTTP Server"),
        size: (20_200, 11_600),
        account: "apache:x:48:48:Apache:/usr/share/httpd:/sbin/nologin",
        files: &[INDEX, folder("/etc/httpd/conf.d"), folder("/var/log/httpd")],
        ..Daemon::ROOT
    },
    Daemon {
        product: "apache",
        binary: "/usr/sbin/apache2",
        command: "/usr/sbin/apache2 -k start",
        unit: "apache2",
        about: "The Apache HTTP Server",
        package: ("apache2", "Apache HTTP Server"),
        size: (202_000, 21_600),
        files: &[INDEX, folder("/etc/apache2/sites-enabled"), folder("/var/log/apache2")],
        ..Daemon::ROOT
    },
    Daemon {
        product: "lighttpd",
        systems: &["alpine*"],
        binary: "/usr/sbin/lighttpd",
        command: "/usr/sbin/lighttpd -f /etc/lighttpd/lighttpd.conf",
        user: "lighttpd",
        uid: 100,
        package: ("lighttpd", "Secure, fast, compliant and very flexible web-server"),
        size: (6_100, 3_200),
        account: "lighttpd:x:100:101:lighttpd:/var/www/localhost/htdocs:/sbin/nologin",
        files: &[folder("/etc/lighttpd"), folder("/var/log/lighttpd")],
        ..Daemon::ROOT
    },
    Daemon {
        product: "lighttpd",
        binary: "/usr/sbin/lighttpd",
        command: "/usr/sbin/lighttpd -D -f /etc/lighttpd/lighttpd.conf",
        user: "www-data",
        uid: 33,
        unit: "lighttpd",
        about: "Lighttpd Daemon",
        package: ("lighttpd", "fast webserver with minimal memory footprint"),
        size: (8_400, 3_900),
        files: &[INDEX, folder("/etc/lighttpd/conf-enabled"), folder("/var/log/lighttpd")],
        ..Daemon::ROOT
    },
];
