//! What the daemon says when something fails, and whether trying again can help.

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It may pass: the daemon is starting, a registry is slow, a name is still being freed.
    Passing,
    /// It stays until somebody changes something.
    Final,
}

/// A failure that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Part of the daemon's text, in small letters.
    pub text: &'static str,
    /// Whether trying again helps.
    pub class: Class,
    /// What to do about it.
    pub remedy: &'static str,
}

/// The table. The first row whose text occurs decides, so what passes and would look final stands first.
pub const KNOWN: &[Known] = &[
    passing("no such host", "look whether this host can resolve the registry's name"),
    passing("temporary failure in name resolution", "look whether this host can resolve the registry's name"),
    passing("server misbehaving", "look whether this host can resolve the registry's name"),
    passing("i/o timeout", "look at the way to the registry"),
    passing("tls handshake timeout", "look at the way to the registry"),
    passing("connection reset by peer", "look at the way to the registry"),
    passing("connection refused", "look whether the daemon and the registry run"),
    passing(
        "network is unreachable",
        "look at the way to the registry, or load the image with `docker load`",
    ),
    passing("request canceled", "look at the way to the registry"),
    passing("context deadline exceeded", "look at the way to the registry"),
    passing("unexpected eof", "look at the way to the registry"),
    passing("toomanyrequests", "log in at the registry, or load the image with `docker load`"),
    passing("is already in progress", "wait for the daemon to end what it does"),
    passing("is not running", "wait for the reconciler to start it again"),
    passing("marked for removal", "wait for the daemon to end what it does"),
    passing("database is locked", "wait for the daemon to end what it does"),
    passing(
        "device or resource busy",
        "a mount of an earlier build or container is left: wait, or restart the daemon",
    ),
    last("manifest unknown", "name an image and a tag that the registry has"),
    last("manifest for", "name an image and a tag that the registry has"),
    last("no matching manifest for", "name an image that exists for this processor"),
    last("pull access denied", "name an image that exists, or `docker login`"),
    last("repository does not exist", "name an image that exists"),
    last("repository name not known to registry", "name an image that exists"),
    last("unauthorized", "`docker login` at the registry"),
    last("denied:", "`docker login` at the registry"),
    last("no such image", "name an image that exists, or `docker load` it"),
    last("invalid reference format", "write the image as NAME:TAG"),
    last("dockerfile parse error", "mend the Dockerfile"),
    last("cannot locate specified dockerfile", "put a Dockerfile into the folder that `build` names"),
    last("returned a non-zero code", "mend the command in the Dockerfile that failed"),
    last("did not complete successfully", "mend the command in the Dockerfile that failed"),
    last("failed to solve", "mend the Dockerfile"),
    last(
        "error creating overlay mount",
        "mounts of an earlier build are left: restart the daemon, and prune its builder's cache",
    ),
    last(
        "read-only file system",
        "the builder keeps its settings where nothing can be written: name a folder by BUILDX_CONFIG",
    ),
    last("no builder", "the builder that was chosen is gone: `docker buildx use default`"),
    last("no space left on device", "free room: `docker system df` says what takes it"),
    last("executable file not found", "name a command that the image has"),
    last("exec format error", "build the image for this processor"),
    last("pool overlaps with other one", "name another --subnet, or remove the Docker network that has it"),
    last("address already in use", "name another address: a container has it"),
    last("no configured subnet", "the network has another subnet: remove it with `decnet teardown`"),
    last("is already using parent interface", "remove the other Docker network of this interface"),
    last(
        "operation not supported",
        "this kernel lacks the driver: `modprobe macvlan`, or leave out --interface",
    ),
    last("unknown device type", "this kernel lacks the driver: `modprobe macvlan`, or leave out --interface"),
    last("permission denied", "run it as root, or as a member of the group docker"),
    last(
        "failed to setup ip tables",
        "give dockerd the iptables that this kernel has: `update-alternatives --config iptables`",
    ),
    last("sysctl", "this kernel lacks a sysctl that the system of the decky needs: take another distro"),
];

const fn passing(text: &'static str, remedy: &'static str) -> Known {
    Known { text, class: Class::Passing, remedy }
}

const fn last(text: &'static str, remedy: &'static str) -> Known {
    Known { text, class: Class::Final, remedy }
}

/// What is known of a failure with this HTTP status (0: no answer) and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether trying again can help.
    pub class: Class,
    /// What to do; empty when nobody knows.
    pub remedy: &'static str,
}

/// Judges a failure. What nobody knows passes when the daemon itself failed (5xx, or no answer), and stays when it
/// refused the request (4xx).
pub fn judge(status: u16, text: &str) -> Judged {
    let text = text.to_lowercase();
    match KNOWN.iter().find(|known| text.contains(known.text)) {
        Some(known) => Judged { class: known.class, remedy: known.remedy },
        None if (400..500).contains(&status) => Judged { class: Class::Final, remedy: "" },
        None => Judged { class: Class::Passing, remedy: "" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What daemons 20.10 and 28.2 answered; the registry's name is replaced.
    const RECORDED: &[(u16, &str, Class)] = &[
        (
            500,
            "Get \"https://registry.example/v2/\": dial tcp: lookup registry.example on 192.0.2.53:53: dial udp \
             192.0.2.53:53: connect: network is unreachable",
            Class::Passing,
        ),
        (
            500,
            "Get \"https://registry.example/v2/\": dial tcp: lookup registry.example on 192.0.2.53:53: no such host",
            Class::Passing,
        ),
        (
            500,
            "Get \"https://registry.example/v2/\": net/http: request canceled while waiting for connection \
             (Client.Timeout exceeded while awaiting headers)",
            Class::Passing,
        ),
        (500, "Get \"https://registry.example/v2/\": net/http: TLS handshake timeout", Class::Passing),
        (
            500,
            "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating",
            Class::Passing,
        ),
        (409, "removal of container 4f6c4d1a is already in progress", Class::Passing),
        (404, "manifest for debian:nosuchtag not found: manifest unknown: manifest unknown", Class::Final),
        (
            404,
            "pull access denied for nosuchimage, repository does not exist or may require 'docker login': denied: \
             requested access to the resource is denied",
            Class::Final,
        ),
        (500, "unauthorized: authentication required", Class::Final),
        (404, "No such image: bb:latest", Class::Final),
        (400, "invalid reference format: repository name must be lowercase", Class::Final),
        (404, "no matching manifest for linux/arm64/v8 in the manifest list entries", Class::Final),
        (400, "dockerfile parse error line 1: unknown instruction: FRMO", Class::Final),
        (500, "Cannot locate specified Dockerfile: Dockerfile", Class::Final),
        (200, "The command '/bin/sh -c make' returned a non-zero code: 2", Class::Final),
        (403, "Pool overlaps with other one on this address space", Class::Final),
        (403, "Address already in use", Class::Final),
        (
            400,
            "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container \
             process: exec: \"nosuch\": executable file not found in $PATH: unknown",
            Class::Final,
        ),
        (500, "operation not supported", Class::Final),
        (
            500,
            "driver \"overlay2\" failed to remove root filesystem: unlinkat /var/lib/docker/overlay2/1f/merged: device \
             or resource busy",
            Class::Passing,
        ),
        (
            200,
            "failed to mount /tmp/mount1: error creating overlay mount to /var/lib/docker/overlay2/1f/merged: too many \
             levels of symbolic links",
            Class::Final,
        ),
        (200, "ERROR: mkdir /root/.docker: read-only file system", Class::Final),
        (200, "ERROR: no builder \"old\" found", Class::Final),
        (500, "network dm-0aa1 is already using parent interface up0", Class::Final),
        (0, "dial unix /var/run/docker.sock: connect: connection refused", Class::Passing),
        (0, "dial unix /var/run/docker.sock: connect: permission denied", Class::Final),
        (503, "something new", Class::Passing),
        (400, "something new", Class::Final),
    ];

    #[test]
    fn recorded_failures_are_classed() {
        for (status, text, class) in RECORDED {
            assert_eq!(judge(*status, text).class, *class, "{text}");
        }
    }

    #[test]
    fn a_failure_that_is_final_has_a_remedy_and_a_text_that_can_be_found() {
        for known in KNOWN {
            assert!(!known.remedy.is_empty() && known.text == known.text.to_lowercase(), "{known:?}");
        }
    }
}
