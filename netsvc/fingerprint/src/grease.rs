//! Values that clients send so that servers keep ignoring what they do not know (RFC 8701).

/// Whether `value` is one of the sixteen of RFC 8701 §2.
pub(crate) fn is(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && high & 0x0f == 0x0a
}

#[cfg(test)]
mod tests {
    #[test]
    fn sixteen_values_are() {
        let found: Vec<u16> = (0..=u16::MAX).filter(|value| super::is(*value)).collect();
        assert_eq!(found.len(), 16);
        assert_eq!((found.first(), found.last()), (Some(&0x0a0a), Some(&0xfafa)));
    }
}
