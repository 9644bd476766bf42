#!/usr/bin/env bash
# Makes what is shipped of two built programs: a package for Debian, a tarball, the image of a container, their
# checksums, and what is in them (CycloneDX). The same programs give the same bytes: times are those of the last commit, owners are root.
#
#   packaging/build.sh FOLDER-OF-PROGRAMS OUTPUT-FOLDER [SBOM-FILE]
#
# PACKAGE_LEVEL is how hard is compressed, 9 if not said.
set -euo pipefail
level=${PACKAGE_LEVEL:-9}
export LC_ALL=C TZ=UTC
umask 022
programs=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
sbom=${3:+$(realpath "$3")}
cd "$(dirname "$0")/.."
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
machine=$(uname -m)
case $machine in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) architecture=$(dpkg --print-architecture) ;;
esac
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
for program in decnet netsvcd; do
    [ -x "$programs/$program" ] || { echo "there is no $program in $programs: build both programs first" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
own="env -u DECNET_CONFIG $programs/decnet --state-dir $work/none"

# What both have, as it lies below /usr.
usr=$work/usr
mkdir -p "$usr"/bin "$usr"/share/{man/man1,bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d,doc/decnet}
install -m 755 "$programs/decnet" "$programs/netsvcd" "$usr/bin/"
$own man "$usr/share/man/man1" 2>/dev/null
gzip -9n "$usr"/share/man/man1/*.1
$own completions bash >"$usr/share/bash-completion/completions/decnet"
$own completions zsh >"$usr/share/zsh/vendor-completions/_decnet"
$own completions fish >"$usr/share/fish/vendor_completions.d/decnet.fish"
documents=$usr/share/doc/decnet
DECNET_CONFIG=$work/none.ini "$programs/decnet" config example >"$documents/decnet.ini.example"
cp -r docs/*.md docs/reference "$documents/"
cp README.md "$documents/"
gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
cp packaging/copyright "$documents/copyright"
[ -z "$sbom" ] || cp "$sbom" "$documents/sbom.cdx.json"
chmod -R u=rwX,go=rX "$usr"

# The tarball: unpack it anywhere and run bin/decnet.
name=decnet-$version-$machine-linux
mkdir "$work/tar"
cp -a "$usr" "$work/tar/$name"
tar --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    -C "$work/tar" -c "$name" | gzip -"$level"n >"$out/$name.tar.gz"

# The package.
deb=$work/deb
mkdir -p "$deb/DEBIAN" "$deb/usr/share/lintian/overrides"
cp -a "$usr/." "$deb/usr/"
cat >"$deb/usr/share/lintian/overrides/decnet" <<'END'
# Both programs run on hosts of any release: that is why they bring everything.
decnet binary: statically-linked-binary [usr/bin/decnet]
decnet binary: statically-linked-binary [usr/bin/netsvcd]
# The service program brings the OpenSSL that it shows to the network: which one is part of what is shown.
decnet binary: embedded-library *
END
{
    echo "decnet ($version-1) unstable; urgency=medium"
    echo
    echo "  * See changelog.gz for what users notice."
    echo
    echo " -- DECNET <maintainers@decnet.example>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$deb/usr/share/doc/decnet/changelog.Debian.gz"
install -m 755 packaging/prerm packaging/postrm packaging/postinst "$deb/DEBIAN/"
cat >"$deb/DEBIAN/control" <<END
Package: decnet
Version: $version-1
Architecture: $architecture
Maintainer: DECNET <maintainers@decnet.example>
Installed-Size: $(du -sk --apparent-size "$deb/usr" | cut -f1)
Depends: passwd
Recommends: systemd, polkitd | policykit-1
Suggests: nmap, p0f
Section: net
Priority: optional
Description: deception network in one program
 DECNET fills a network with machines that do not exist. Each has an address, a
 host name, services and a history of its own; whatever touches one is an
 attacker. Every interaction is recorded and joined to sessions and incidents.
 .
 After the installation "decnet init" makes accounts, settings and units.
END
(cd "$deb" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$deb/DEBIAN/md5sums"
chmod 644 "$deb/DEBIAN/md5sums" "$deb/DEBIAN/control"
find "$deb" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zgzip -z"$level" --build "$deb" "$out/decnet_$version-1_$architecture.deb" >/dev/null

packaging/image.sh "$programs" "$out/decnet-$version-$machine.oci.tar" "$version" "$level"

if [ -n "$sbom" ]; then cp "$sbom" "$out/decnet-$version.cdx.json"; fi
(cd "$out" && sha256sum decnet[-_]"$version"* >SHA256SUMS && cat SHA256SUMS)
