#!/bin/sh
# Own MariaDB for tests: no root, its own folder, a free loopback port. Prints the URL on stdout.
#
#   DECNET_TEST_MYSQL_URL=$(e2e/mariadb.sh start DIR)   start in DIR (made if missing)
#   e2e/mariadb.sh stop DIR                             stop and remove DIR
set -eu

fail() { echo "mariadb.sh: $1" >&2; exit 1; }

[ $# -eq 2 ] || fail "usage: mariadb.sh start|stop DIR"
action=$1
folder=$2
PATH=$PATH:/usr/sbin:/usr/local/sbin

free_port() {
    # No tool of the base system asks the kernel for a free port, so try until one is not listened on.
    port=$((33000 + $$ % 2000))
    while grep -qi "$(printf ':%04X ' "$port")" /proc/net/tcp /proc/net/tcp6; do port=$((port + 1)); done
    echo "$port"
}

start() {
    command -v mariadbd >/dev/null || fail "mariadbd is missing: apt-get install mariadb-server"
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    user=$(id -un)
    if [ "$(id -u)" = 0 ]; then
        user=nobody
        chown nobody "$folder"
    fi
    as_user mariadb-install-db --no-defaults --user="$user" --datadir="$folder/data" \
        --auth-root-authentication-method=normal --skip-test-db >"$folder/install.log" 2>&1 ||
        fail "mariadb-install-db failed, see $folder/install.log"
    port=$(free_port)
    # In braces: the shell would otherwise keep our stdout open for as long as the server runs, and a
    # caller's $(...) would never end.
    {
        as_user mariadbd --no-defaults --user="$user" --datadir="$folder/data" --bind-address=127.0.0.1 \
            --port="$port" --socket="$folder/socket" --pid-file="$folder/pid" --skip-networking=0 \
            --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync \
            --innodb-doublewrite=0 --innodb-file-per-table=0 --performance-schema=off
    } </dev/null >"$folder/server.log" 2>&1 &
    waited=0
    until mariadb-admin --no-defaults --socket="$folder/socket" -u root ping >/dev/null 2>&1; do
        waited=$((waited + 1))
        [ "$waited" -le 120 ] || fail "mariadbd did not start, see $folder/server.log"
        sleep 0.5
    done
    mariadb --no-defaults --socket="$folder/socket" -u root -e "
        CREATE USER 'tests'@'127.0.0.1' IDENTIFIED BY 'tests';
        GRANT ALL ON *.* TO 'tests'@'127.0.0.1';
        CREATE DATABASE tests CHARACTER SET utf8mb4;" || fail "the test user could not be made"
    echo "mysql://tests:tests@127.0.0.1:$port/tests"
}

# Root's tests must not start a database as root.
as_user() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi
}

stop() {
    [ -d "$folder" ] || exit 0
    if [ -f "$folder/pid" ]; then
        process=$(cat "$folder/pid")
        kill "$process" 2>/dev/null || true
        waited=0
        while kill -0 "$process" 2>/dev/null && [ "$waited" -lt 60 ]; do
            waited=$((waited + 1))
            sleep 0.5
        done
    fi
    rm -rf "$folder"
}

case $action in
    start) start ;;
    stop) stop ;;
    *) fail "usage: mariadb.sh start|stop DIR" ;;
esac
