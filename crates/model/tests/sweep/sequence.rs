//! What nmap makes of the series that it sees in the answers to its six SYNs: sequence numbers, identifications,
//! timestamps.

use decnet_model::nmap::Print;

/// One answer to a SYN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When it was asked for, µs.
    pub(crate) sent: i64,
    pub(crate) isn: u32,
    pub(crate) id: u16,
    pub(crate) time: Option<u32>,
}

/// Identifications seen elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    pub(crate) closed: Vec<u16>,
    pub(crate) icmp: Vec<u16>,
}

/// Writes the test `SEQ`.
pub(crate) fn judge(print: &mut Print, samples: &[Sample], elsewhere: &Elsewhere) {
    if samples.len() >= 4 {
        numbers(print, samples);
    }
    let ids: Vec<u16> = samples.iter().map(|sample| sample.id).collect();
    let class = |name, ids: &[u16], least| (name, (ids.len() >= least).then(|| class_of(ids)).flatten());
    let classes = [class("TI", &ids, 3), class("CI", &elsewhere.closed, 2), class("II", &elsewhere.icmp, 2)];
    for (name, class) in &classes {
        if let Some(class) = class {
            print.set("SEQ", name, class);
        }
    }
    let counts = |class: &Option<String>| matches!(class.as_deref(), Some("I" | "BI" | "RI"));
    if counts(&classes[0].1) && counts(&classes[2].1) {
        let (first, last) = (u32::from(ids[0]), u32::from(ids[ids.len() - 1]));
        let average = last.wrapping_sub(first) / u32::try_from(ids.len() - 1).unwrap();
        let near = u32::from(elsewhere.icmp[0]) < last.wrapping_add(average.wrapping_mul(3));
        print.set("SEQ", "SS", if near { "S" } else { "O" });
    }
    if let Some(clock) = clock(samples) {
        print.set("SEQ", "TS", &clock);
    }
}

fn numbers(print: &mut Print, samples: &[Sample]) {
    let pairs = || samples.windows(2).map(|pair| (pair[0], pair[1]));
    // Whichever of both differences is the smaller one.
    let apart = |one: u32, other: u32| one.wrapping_sub(other).min(other.wrapping_sub(one));
    let steps: Vec<u32> = pairs().map(|(one, other)| apart(one.isn, other.isn)).collect();
    let rates: Vec<f64> = pairs()
        .zip(&steps)
        .map(|((one, other), step)| f64::from(*step) * 1e6 / seconds(other.sent - one.sent))
        .collect();
    let divisor = steps.iter().copied().fold(0, divisor);
    let (mut spread, mut rate) = (0.0, 0.0);
    if divisor != 0 {
        let mean = rates.iter().sum::<f64>() / count(rates.len());
        rate = (mean.log2() * 8.0 + 0.5).floor();
        let unit = if divisor > 9 { f64::from(divisor) } else { 1.0 };
        let squares: f64 = rates.iter().map(|rate| ((rate - mean) / unit).powi(2)).sum();
        let deviation = (squares / count(samples.len() - 2)).sqrt();
        spread = if deviation <= 1.0 { 0.0 } else { (deviation.log2() * 8.0 + 0.5).floor() };
    }
    print.set("SEQ", "SP", &format!("{:X}", spread as u32));
    print.set("SEQ", "GCD", &format!("{divisor:X}"));
    print.set("SEQ", "ISR", &format!("{:X}", rate as u32));
}

fn seconds(micros: i64) -> f64 {
    f64::from(i32::try_from(micros.max(1)).unwrap())
}

fn count(length: usize) -> f64 {
    f64::from(u32::try_from(length).unwrap())
}

fn divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { divisor(other, one % other) }
}

fn class_of(ids: &[u16]) -> Option<String> {
    let steps: Vec<u16> = ids.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    if ids.len() > 2 && steps.iter().any(|step| *step > 20_000) {
        return Some("RD".to_owned());
    }
    if ids.iter().all(|id| *id == 0) {
        return Some("Z".to_owned());
    }
    if steps.iter().all(|step| *step == 0) {
        return Some(format!("{:X}", ids[0]));
    }
    if steps.iter().any(|step| *step > 1000 && (step % 256 != 0 || *step >= 25_600)) {
        return Some("RI".to_owned());
    }
    if steps.iter().all(|step| step % 256 == 0 && *step <= 5120) {
        return Some("BI".to_owned());
    }
    steps.iter().all(|step| *step < 10).then(|| "I".to_owned())
}

fn clock(samples: &[Sample]) -> Option<String> {
    // The last answer that lacks the option, or has 0 in it, settles it.
    let odd = samples.iter().rev().find(|sample| matches!(sample.time, None | Some(0)));
    if let Some(sample) = odd {
        return Some(if sample.time.is_none() { "U" } else { "0" }.to_owned());
    }
    let times: Vec<u32> = samples.iter().filter_map(|sample| sample.time).collect();
    let rates: Vec<f64> = times
        .windows(2)
        .zip(samples.windows(2))
        .map(|(time, sample)| {
            let step = time[1].wrapping_sub(time[0]).min(time[0].wrapping_sub(time[1]));
            f64::from(step) * 1e6 / seconds(sample[1].sent - sample[0].sent)
        })
        .collect();
    let rate = rates.iter().sum::<f64>() / count(rates.len().max(1));
    match rate {
        rate if rate <= 0.0 => None,
        rate if rate <= 5.66 => Some("1".to_owned()),
        rate if rate > 70.0 && rate <= 150.0 => Some("7".to_owned()),
        rate if rate > 150.0 && rate <= 350.0 => Some("8".to_owned()),
        rate => Some(format!("{:X}", (rate.log2() + 0.5).floor() as u32)),
    }
}
