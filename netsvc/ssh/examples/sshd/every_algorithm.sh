#!/bin/sh
# Runs OpenSSH's client with every algorithm that the server on 127.0.0.1:$1 offers (user root, password toor) and
# checks that 300,000 bytes come back. Needs ssh and sshpass. Names that the client lacks are listed as skipped.
port=$1
options="-F none -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no"
offer() {
    ssh -vv $options -o LogLevel=DEBUG2 -o BatchMode=yes -p "$port" root@127.0.0.1 true 2>&1 | tr -d '\r' |
        sed -n '/peer server KEXINIT/,$p' | sed -n "s/^debug2: $1: //p" | head -n 1 | tr ',' ' '
}
failures=0
try() {
    count=$(head -c 300000 /dev/zero | SSHPASS=toor sshpass -e ssh $options -p "$port" "$@" root@127.0.0.1 cat | wc -c)
    [ "$count" -eq 300000 ] || { echo "failed: $*"; failures=$((failures + 1)); }
}
known() { ssh -Q "$1" | grep -qxF -e "$2" || { echo "skipped: $2"; return 1; }; }
for name in $(offer 'KEX algorithms'); do
    case $name in ext-info-s | kex-strict-*) continue ;; esac
    known kex "$name" && try -o "KexAlgorithms=$name"
done
for name in $(offer 'host key algorithms'); do try -o "HostKeyAlgorithms=$name"; done
for name in $(offer 'ciphers ctos'); do
    known cipher "$name" && try -o "Ciphers=$name" && try -o "Ciphers=$name" -o Compression=yes
done
for name in $(offer 'MACs ctos'); do known mac "$name" && try -o Ciphers=aes128-ctr -o "MACs=$name"; done
try -o RekeyLimit=64K
echo "failures: $failures"
[ "$failures" -eq 0 ]
