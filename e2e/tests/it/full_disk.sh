# Fills the disk of a running installation, looks at what it says and keeps, and makes room again.
set -e
decnet=$0
disk=$(mktemp -d /var/tmp/fleet-disk-XXXXXX)
mount -t tmpfs -o size=40m none "$disk"
export DECNET_STATE_DIR=$disk/state
DECNET_API_PORT=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
DECNET_WEB_PORT=$((DECNET_API_PORT < 65535 ? DECNET_API_PORT + 1 : 1025))
export DECNET_API_PORT DECNET_WEB_PORT
finish() { rm -f "$disk/filler"; "$decnet" teardown --all >/dev/null 2>&1 || true; umount -l "$disk"; rmdir "$disk"; }
trap finish EXIT
fail() { echo "FAILED: $1"; "$decnet" status || true; ls -laR "$disk/state" | tail -60; exit 1; }

"$decnet" deploy -n 1 --services redis --subnet 127.46.0.0/16 >/dev/null
touch_it() { python3 - "$1" <<'PY'
import socket, sys
for number in range(int(sys.argv[1])):
    try:
        s = socket.create_connection(("127.46.1.0", 16379), 2)
        s.sendall(b"ECHO touch-%d\r\n" % number)
        s.recv(100)
        s.close()
    except OSError:
        pass
PY
}
touch_it 20
memory() { awk '/^Pss:/ {sum += $2} END {print sum}' "/proc/$("$decnet" status --json | python3 -c 'import json,sys; print([p["pid"] for p in json.load(sys.stdin)["processes"] if p["process"]=="house"][0])')/smaps_rollup"; }
before=$(memory)
dd if=/dev/zero of="$disk/filler" bs=64k 2>/dev/null || true
"$decnet" status >/dev/null && fail "a full disk is not red at once"
touch_it 3000
files=$(find "$disk/state" -type f | wc -l)
[ "$files" -lt 75 ] || fail "$files files"
after=$(memory)
[ "$after" -lt $((before + 30000)) ] || fail "memory went from $before to $after KiB"
rm "$disk/filler"
touch_it 5
deadline=$((SECONDS + 25))
until "$decnet" status >/dev/null; do
    [ $SECONDS -lt $deadline ] || fail "it does not heal"
    sleep 0.5
done
# The last touches are stored, and what was given up has been said.
until "$decnet" events --json -n 100000 | grep -q touch-4; do
    [ $SECONDS -lt $deadline ] || fail "nothing is stored any more"
    sleep 0.5
done
"$decnet" status --json | grep -q '"missing":0' || fail "lines are missing"
