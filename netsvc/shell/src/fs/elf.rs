//! Executables of the distribution: a header that is right for the machine, then filling of the right size.

use crate::text::hash;

/// ELF properties of a machine: class (1: 32 bit, 2: 64 bit), data (1: little, 2: big endian), machine number.
pub(crate) fn machine(name: &str) -> (u8, u8, u16) {
    match name {
        "x86_64" | "amd64" => (2, 1, 62),
        "aarch64" | "arm64" => (2, 1, 183),
        "mips" => (1, 2, 8),
        "mipsel" => (1, 1, 8),
        "mips64" => (2, 2, 8),
        "ppc" => (1, 2, 20),
        "ppc64le" => (2, 1, 21),
        "riscv64" => (2, 1, 243),
        "sh4" => (1, 1, 42),
        "sparc" => (1, 2, 2),
        "m68k" => (1, 2, 4),
        other if other.starts_with("arm") => (1, 1, 40),
        _ => (1, 1, 3),
    }
}

/// The program interpreter that executables of a machine name.
fn interpreter(machine: &str, musl: bool) -> &'static str {
    match (machine, musl) {
        ("x86_64", false) => "/lib64/ld-linux-x86-64.so.2",
        ("x86_64", true) => "/lib/ld-musl-x86_64.so.1",
        ("aarch64", false) => "/lib/ld-linux-aarch64.so.1",
        ("aarch64", true) => "/lib/ld-musl-aarch64.so.1",
        (name, _) if name.starts_with("arm") => "/lib/ld-linux-armhf.so.3",
        (name, _) if name.starts_with("mips") => "/lib/ld-uClibc.so.0",
        _ => "/lib/ld-linux.so.2",
    }
}

/// An executable called `name` of `size` bytes. `shared`: position-independent, as distributions build them.
pub(crate) fn program(
    name: &str,
    machine_name: &str,
    musl: bool,
    position_independent: bool,
    size: usize,
) -> Vec<u8> {
    let (class, data, number) = machine(machine_name);
    let mut out = vec![0x7f, b'E', b'L', b'F', class, data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let wide = class == 2;
    let seed = hash(&[name, machine_name]);
    let entry = 0x4000 + (seed & 0x3ff0) + if position_independent { 0 } else { 0x40_0000 };
    let header: u64 = if wide { 64 } else { 52 };
    let mut put = |value: u64, bytes: usize| {
        let little = value.to_le_bytes();
        let word = little.iter().take(bytes);
        if data == 1 { out.extend(word) } else { out.extend(word.rev()) }
    };
    let address = if wide { 8 } else { 4 };
    put(if position_independent { 3 } else { 2 }, 2);
    put(u64::from(number), 2);
    put(1, 4);
    put(entry, address);
    put(header, address);
    put((size as u64).saturating_sub(if wide { 64 * 28 } else { 40 * 28 }) & !7, address);
    put(
        if number == 40 {
            0x0500_0400
        } else if number == 8 {
            0x5000_1007
        } else {
            0
        },
        4,
    );
    put(header, 2);
    put(if wide { 56 } else { 32 }, 2);
    put(if wide { 13 } else { 9 }, 2);
    put(if wide { 64 } else { 40 }, 2);
    put(28, 2);
    put(27, 2);
    fill(&mut out, seed, size, interpreter(machine_name, musl), name);
    out
}

fn fill(out: &mut Vec<u8>, seed: u64, size: usize, interpreter: &str, name: &str) {
    let body = header_end(out.len());
    out.resize(body, 0);
    out.extend_from_slice(interpreter.as_bytes());
    for text in
        ["", "libc.so.6", "__libc_start_main", "__cxa_finalize", "printf", "exit", "GLIBC_2.34", name, ""]
    {
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    }
    let mut state = seed | 1;
    while out.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(size);
}

fn header_end(header: usize) -> usize {
    if header == 64 { 64 + 13 * 56 } else { 52 + 9 * 32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_names_the_machine() {
        for (name, expected) in [
            ("x86_64", [0x7f, b'E', b'L', b'F', 2, 1, 1]),
            ("mips", [0x7f, b'E', b'L', b'F', 1, 2, 1]),
            ("armv7l", [0x7f, b'E', b'L', b'F', 1, 1, 1]),
        ] {
            let bytes = program("ls", name, false, true, 40_000);
            assert_eq!(bytes.len(), 40_000);
            assert_eq!(bytes[..7], expected);
        }
        assert_eq!(program("ls", "mips", false, false, 4000)[16..20], [0, 2, 0, 8]);
        assert_eq!(program("ls", "armv7l", false, false, 4000)[16..20], [2, 0, 40, 0]);
        assert_eq!(program("ls", "x86_64", false, true, 4000)[16..20], [3, 0, 62, 0]);
    }
}
