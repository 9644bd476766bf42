#!/usr/bin/env bash
# Makes the image of a container of two built programs: nothing but them, an account without rights, and a folder for
# what is recorded. The file is both an OCI image layout and what `docker load` reads (image-spec v1.1, "Image Layout";
# Docker's image specification v1.2, "Combined Image JSON + Filesystem Changeset Format"). The same programs give the
# same bytes. Nothing needs Docker here.
#
#   packaging/image.sh FOLDER-OF-PROGRAMS OUTPUT-FILE VERSION COMPRESSION-LEVEL
#
# SOURCE_DATE_EPOCH is the time that everything in it has.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022
programs=$1 out=$2 version=$3 level=$4
case $(uname -m) in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) architecture=$(uname -m) ;;
esac
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
# The number of the account: no system hands it out by itself, so it is nobody's on the host.
account=64998
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# `packed FOLDER OWNER [NAME]`: what is in it, or what is called so, as a tar archive that depends on nothing else.
packed() {
    (cd "$1" && tar --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --numeric-owner --owner="$2" --group="$2" \
        -c ${3:-*})
}

# `stored FILE`: puts it among the blobs; says its digest.
stored() {
    local digest
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    mv "$1" "$work/image/blobs/sha256/$digest"
    echo "$digest"
}

size() {
    stat -c %s "$work/image/blobs/sha256/$1"
}

mkdir -p "$work"/root/usr/bin "$work"/root/etc "$work"/image/blobs/sha256 "$work"/own/var/lib/decnet
install -m 755 "$programs/decnet" "$programs/netsvcd" "$work/root/usr/bin/"
cat >"$work/root/etc/passwd" <<END
root:x:0:0:root:/:/sbin/nologin
decnet:x:$account:$account::/var/lib/decnet:/sbin/nologin
END
cat >"$work/root/etc/group" <<END
root:x:0:
decnet:x:$account:
END
mkdir -m 1777 "$work/root/tmp"
packed "$work/root" 0 >"$work/programs.tar"
# The one folder that the account may write is a layer of its own, since it has another owner.
chmod 750 "$work/own/var/lib/decnet"
packed "$work/own" "$account" var/lib/decnet >"$work/own.tar"

# `described MEDIA-TYPE DIGEST`: a descriptor (image-spec, "OCI Content Descriptors").
described() {
    printf '"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%s' "$1" "$2" "$(size "$2")"
}

layers='' differences='' paths=''
for layer in programs own; do
    difference=$(sha256sum "$work/$layer.tar" | cut -d' ' -f1)
    gzip -"$level"n "$work/$layer.tar"
    digest=$(stored "$work/$layer.tar.gz")
    layers+=${layers:+,}{$(described layer.v1.tar+gzip "$digest")}
    differences+=${differences:+,}\"sha256:$difference\"
    paths+=${paths:+,}\"blobs/sha256/$digest\"
done

cat >"$work/config.json" <<END
{
  "created": "$created", "architecture": "$architecture", "os": "linux",
  "config": {
    "User": "$account:$account", "WorkingDir": "/var/lib/decnet", "Volumes": {"/var/lib/decnet": {}},
    "Env": ["PATH=/usr/bin", "DECNET_STATE_DIR=/var/lib/decnet"],
    "Entrypoint": ["/usr/bin/decnet"], "Cmd": ["run"], "StopSignal": "SIGTERM",
    "Labels": {
      "org.opencontainers.image.title": "decnet", "org.opencontainers.image.version": "$version",
      "org.opencontainers.image.licenses": "Apache-2.0"
    }
  },
  "rootfs": {"type": "layers", "diff_ids": [$differences]},
  "history": [
    {"created": "$created", "created_by": "packaging/image.sh: programs"},
    {"created": "$created", "created_by": "packaging/image.sh: folder of the account"}
  ]
}
END
config=$(stored "$work/config.json")
cat >"$work/manifest.json" <<END
{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {$(described config.v1+json "$config")},
  "layers": [$layers]
}
END
manifest=$(stored "$work/manifest.json")
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/image/oci-layout"
cat >"$work/image/index.json" <<END
{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [{
    $(described manifest.v1+json "$manifest"),
    "platform": {"architecture": "$architecture", "os": "linux"},
    "annotations": {
      "io.containerd.image.name": "docker.io/library/decnet:$version", "org.opencontainers.image.ref.name": "$version"
    }
  }]
}
END
cat >"$work/image/manifest.json" <<END
[{"Config": "blobs/sha256/$config", "RepoTags": ["decnet:$version"], "Layers": [$paths]}]
END
packed "$work/image" 0 >"$out"
