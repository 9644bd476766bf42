//! Paths to what a request is about (volume 1, appendix C).

use crate::bytes::Reader;

/// Longest name of a tag.
const NAME: usize = 40;

/// What a path leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) class: Option<u32>,
    pub(super) instance: Option<u32>,
    pub(super) attribute: Option<u32>,
    /// Name of a tag, with dots between its parts.
    pub(super) name: String,
}

impl Path {
    /// Reads a path; `None`: it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Path> {
        let (mut reader, mut path) = (Reader::new(bytes), Path::default());
        while let Some(segment) = reader.byte() {
            match segment {
                // Ports and link addresses: elsewhere they say which module is meant.
                0x01..=0x0f => {
                    reader.byte()?;
                }
                0x20..=0x33 => {
                    let value = match segment & 3 {
                        0 => u32::from(reader.byte()?),
                        1 => {
                            reader.byte()?;
                            u32::from(reader.word_le()?)
                        }
                        _ => {
                            reader.byte()?;
                            reader.long_le()?
                        }
                    };
                    match segment & 0x1c {
                        0x00 => path.class = Some(value),
                        0x04 => path.instance = Some(value),
                        0x10 => path.attribute = Some(value),
                        // A member of an array: all arrays here have one.
                        _ => {}
                    }
                }
                // A key of the module that is meant.
                0x34 => {
                    reader.byte()?;
                    reader.take(8)?;
                }
                0x91 => {
                    let length = usize::from(reader.byte()?);
                    let name = reader.take(length)?;
                    if length % 2 == 1 {
                        reader.byte()?;
                    }
                    if NAME < path.name.len() + length {
                        return None;
                    }
                    if !path.name.is_empty() {
                        path.name.push('.');
                    }
                    path.name.push_str(std::str::from_utf8(name).ok()?);
                }
                _ => return None,
            }
        }
        Some(path)
    }

    /// What it is called, for the record.
    pub(super) fn told(&self) -> String {
        if !self.name.is_empty() {
            return self.name.escape_default().to_string();
        }
        let part = |name: &str, value: Option<u32>| value.map(|value| format!(" {name} {value:#x}"));
        let parts =
            [part("class", self.class), part("instance", self.instance), part("attribute", self.attribute)];
        parts.into_iter().flatten().collect::<String>().trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_objects_and_tags() {
        let object = Path::read(&[0x20, 1, 0x24, 1, 0x30, 7]).unwrap();
        assert_eq!((object.class, object.instance, object.attribute), (Some(1), Some(1), Some(7)));
        let long = Path::read(&[0x21, 0, 0x6b, 0, 0x25, 0, 0, 1]).unwrap();
        assert_eq!((long.class, long.instance), (Some(0x6b), Some(256)));
        assert_eq!(Path::read(b"\x91\x03abc\0").unwrap().name, "abc");
        assert_eq!(Path::read(b"\x91\x03ab"), None);
        assert_eq!(object.told(), "class 0x1 instance 0x1 attribute 0x7");
    }
}
