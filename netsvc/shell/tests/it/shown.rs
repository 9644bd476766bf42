//! Interfaces and processes as the programs show them, with their options.

use crate::run;

fn check(id: &str, line: &str, expected: &str) {
    let (text, status) = run(id, line);
    assert_eq!(text, expected, "{id}: {line} (status {status})");
}

#[test]
fn ip_heeds_its_options_and_the_device() {
    let lo = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN";
    for (line, expected) in [
        (
            "ip -o -4 addr show lo",
            "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n",
        ),
        ("ip -br a s dev lo", "lo               UNKNOWN        127.0.0.1/8 \n"),
        (
            "ip -br link show lo",
            "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n",
        ),
        ("ip -6 addr", ""),
        ("ip addr show nope", "Device \"nope\" does not exist.\n"),
        ("ip route show default", "default via 10.1.2.1 dev ens18 onlink \n"),
        ("ip route get 8.8.8.8", "8.8.8.8 via 10.1.2.1 dev ens18 src 10.1.2.3 uid 0 \n    cache \n"),
        ("ifconfig nope", "nope: error fetching interface information: Device not found\n"),
        ("ifconfig lo | head -1", "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n"),
        ("ip -V", "ip utility, iproute2-6.1.0\n"),
    ] {
        check("debian12", line, expected);
    }
    let four = "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n";
    check("debian12", "ip -4 a show lo", &format!("{lo} group default qlen 1000\n{four}"));
    check(
        "debian12",
        "ip -o link show lo",
        &format!(
            "{lo} mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
        ),
    );
}

#[test]
fn ps_shows_the_columns_that_it_is_asked_for() {
    for (line, expected) in [
        ("ps -p 1 -o comm=", "systemd\n"),
        ("ps -p 1 -o pid,comm", "    PID COMMAND\n      1 systemd\n"),
        ("ps -p1 -opid=,user=", "      1 root\n"),
        ("ps --no-headers -o args -p 2", "[kthreadd]\n"),
        ("ps -C cron -o comm", "COMMAND\ncron\n"),
        ("ps -C nothing -o comm=; echo $?", "1\n"),
        ("ps -eo comm= --sort=pid | head -2", "systemd\nkthreadd\n"),
        ("ps axo pid= | head -1", "      1\n"),
        ("ps -x | head -1", "    PID TTY      STAT   TIME COMMAND\n"),
        ("ps -aux | head -1", "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"),
        ("ps -ef | head -1", "UID          PID    PPID  C STIME TTY          TIME CMD\n"),
        ("ps -o nosuch 2>&1 | head -1", "error: unknown user-defined format specifier \"nosuch\"\n"),
        ("ps --bogus 2>&1 | head -1", "error: unknown gnu long option\n"),
        ("ps -o lstart= -p 1", "Tue Jan 20 12:00:00 2026\n"),
    ] {
        check("debian12", line, expected);
    }
    check("debian10", "ps -p 1 -o pid", "  PID\n    1\n");
    check("router", "ps -o pid,comm | head -2", "PID   COMMAND\n    1 init\n");
}

#[test]
fn programs_of_a_release_lay_out_memory_as_that_release_does() {
    for (id, line, expected) in [
        (
            "debian12",
            "free | head -1",
            "               total        used        free      shared  buff/cache   available\n",
        ),
        (
            "router",
            "free | head -1",
            "             total         used         free       shared      buffers\n",
        ),
        ("router", "free | sed -n 3p | cut -c1-12", "-/+ buffers:\n"),
        ("debian12", "uptime | grep -o '0 user.*,  load'", "0 user,  load\n"),
        ("debian10", "uptime | grep -o '0 user.*,  load'", "0 users,  load\n"),
        ("router", "uptime | grep -c user", "0\n"),
    ] {
        check(id, line, expected);
    }
}
