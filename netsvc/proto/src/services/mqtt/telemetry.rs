//! What devices of the place publish: topics of a kind that such places have, with values that move.

use super::message::Content;
use crate::date;
use netsvc_kit::Host;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::sync::Arc;

/// Places.
pub(super) const PLACES: &[&str] = &["home", "building", "water", "solar", "factory"];

/// How a value moves.
#[derive(Clone, Copy, Debug)]
enum Course {
    /// Around the first number, by the second in the course of a day, and by the third from one time to the next.
    Around(f64, f64, f64),
    /// Upwards from the first number, by the second in an hour.
    Up(f64, f64),
    /// By daylight, up to this.
    Daylight(f64),
    /// On or off, mostly on.
    Switch,
}

/// What one message of a device holds: a value, or values with their names.
type Values = &'static [(&'static str, Course, usize)];

/// A topic, the values of its messages, seconds between two, and whether the last is kept.
type Row = (&'static str, Values, i32, bool);

use Course::{Around, Daylight, Switch, Up};

const CLIMATE: Values = &[
    ("battery", Around(84.0, 0.0, 0.4), 0),
    ("humidity", Around(46.0, 6.0, 0.6), 2),
    ("linkquality", Around(112.0, 0.0, 18.0), 0),
    ("temperature", Around(20.8, 1.9, 0.12), 2),
    ("voltage", Around(2985.0, 0.0, 6.0), 0),
];
const PLUG: Values = &[
    ("Total", Up(412.6, 0.11), 3),
    ("Power", Around(96.0, 42.0, 9.0), 0),
    ("Voltage", Around(231.0, 2.5, 0.9), 0),
    ("Current", Around(0.43, 0.18, 0.04), 3),
];
const HOME: &[Row] = &[
    ("zigbee2mqtt/livingroom_climate", CLIMATE, 61, false),
    ("zigbee2mqtt/bedroom_climate", CLIMATE, 73, false),
    ("zigbee2mqtt/bathroom_climate", CLIMATE, 67, false),
    ("tele/washer/SENSOR", PLUG, 60, false),
    ("tele/server/SENSOR", PLUG, 60, false),
    ("homeassistant/sensor/outdoor/temperature", &[("", Around(9.4, 4.2, 0.1), 1)], 30, true),
    ("shellies/garage/relay/0/power", &[("", Around(4.2, 0.0, 0.6), 2)], 30, true),
];
const BUILDING: &[Row] = &[
    ("bms/ahu1/supply_temp", &[("", Around(18.2, 1.1, 0.15), 2)], 10, true),
    ("bms/ahu1/return_temp", &[("", Around(22.4, 1.4, 0.12), 2)], 10, true),
    ("bms/ahu1/fan_speed", &[("", Around(62.0, 14.0, 1.5), 0)], 10, true),
    ("bms/ahu2/supply_temp", &[("", Around(18.6, 1.0, 0.15), 2)], 10, true),
    ("bms/chiller/power_kw", &[("", Around(84.0, 31.0, 2.2), 1)], 15, true),
    ("bms/boiler/flow_temp", &[("", Around(61.5, 4.0, 0.4), 1)], 15, true),
    ("bms/meter/main/kwh", &[("", Up(1_284_310.0, 72.0), 1)], 60, true),
    ("bms/fire/panel/state", &[("", Switch, 0)], 120, true),
];
const WATER: &[Row] = &[
    ("scada/intake/pump1/flow", &[("", Around(142.0, 18.0, 1.8), 1)], 5, true),
    ("scada/intake/pump1/running", &[("", Switch, 0)], 30, true),
    ("scada/intake/pump2/flow", &[("", Around(138.0, 17.0, 1.9), 1)], 5, true),
    ("scada/filter/turbidity", &[("", Around(0.21, 0.05, 0.02), 3)], 10, true),
    ("scada/dosing/chlorine", &[("", Around(0.62, 0.06, 0.01), 3)], 10, true),
    ("scada/reservoir/level", &[("", Around(71.0, 9.0, 0.1), 2)], 20, true),
    ("scada/outlet/pressure", &[("", Around(4.6, 0.4, 0.03), 2)], 5, true),
    ("scada/outlet/total", &[("", Up(918_244.0, 505.0), 0)], 60, true),
];
const SOLAR: &[Row] = &[
    ("pv/inverter1/ac_power", &[("", Daylight(8200.0), 0)], 5, true),
    ("pv/inverter2/ac_power", &[("", Daylight(7900.0), 0)], 5, true),
    ("pv/inverter1/temperature", &[("", Around(38.0, 11.0, 0.3), 1)], 30, true),
    ("pv/grid/frequency", &[("", Around(50.0, 0.0, 0.02), 2)], 5, true),
    ("pv/battery/soc", &[("", Around(64.0, 24.0, 0.2), 1)], 30, true),
    ("pv/meter/total_kwh", &[("", Up(48_211.0, 3.1), 2)], 60, true),
];
const FACTORY: &[Row] = &[
    ("plant/line1/press/temperature", &[("", Around(182.0, 4.0, 0.8), 1)], 5, true),
    ("plant/line1/press/cycles", &[("", Up(2_114_870.0, 340.0), 0)], 10, true),
    ("plant/line1/conveyor/speed", &[("", Around(0.82, 0.0, 0.01), 3)], 5, true),
    ("plant/line2/press/temperature", &[("", Around(179.0, 4.0, 0.8), 1)], 5, true),
    ("plant/line2/press/cycles", &[("", Up(1_870_402.0, 335.0), 0)], 10, true),
    ("plant/compressor/pressure", &[("", Around(7.4, 0.2, 0.05), 2)], 10, true),
    ("plant/energy/power_kw", &[("", Around(311.0, 120.0, 6.0), 1)], 15, true),
];

/// Something that publishes.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) topic: String,
    /// Seconds between two messages.
    pub(super) period: i32,
    /// Whether its last message is kept.
    pub(super) kept: bool,
    values: Values,
    /// What its values and its times are shifted by.
    seed: u64,
    /// What it said last, and in which second: many ask for the same.
    said: Mutex<Option<(i64, Arc<Content>)>>,
}

/// The devices of a node's place.
pub(super) fn devices(host: &Host) -> Vec<Device> {
    let mut random = host.generator("place");
    let drawn = usize::try_from(random.next_u32()).unwrap_or_default() % PLACES.len();
    let small = host.persona().os.family == "embedded";
    let own = if small { "home" } else { PLACES.get(drawn).copied().unwrap_or("home") };
    let rows = match host.setting("place").unwrap_or(own) {
        "building" => BUILDING,
        "water" => WATER,
        "solar" => SOLAR,
        "factory" => FACTORY,
        _ => HOME,
    };
    let device = |(topic, values, period, kept): &Row| Device {
        topic: (*topic).to_owned(),
        period: *period,
        kept: *kept,
        values,
        seed: random.next_u64(),
        said: Mutex::default(),
    };
    rows.iter().map(device).collect()
}

impl Device {
    fn offset(&self) -> i64 {
        i64::try_from(self.seed % 1_000).unwrap_or_default()
    }

    /// Whether it publishes in this second.
    pub(super) fn is_due(&self, second: i64) -> bool {
        (second + self.offset()) % i64::from(self.period) == 0
    }

    /// The second in which it published last.
    pub(super) fn last(&self, now: i64) -> i64 {
        now - (now + self.offset()) % i64::from(self.period)
    }

    /// What it publishes in this second.
    pub(super) fn content(&self, host: &Host, second: i64) -> Arc<Content> {
        let mut said = self.said.lock();
        match said.as_ref() {
            Some((at, content)) if *at == second => content.clone(),
            _ => {
                let content = Arc::new(self.made(host, second));
                *said = Some((second, content.clone()));
                content
            }
        }
    }

    fn made(&self, host: &Host, second: i64) -> Content {
        let hour = hour_of_day(host, second);
        let value = |at: usize, course: &Course, digits: &usize| {
            format!("{:.digits$}", self.value(at, *course, second, hour), digits = *digits)
        };
        let payload = match self.values {
            [("", Switch, _)] => if self.noise(9, second / 3600) < 0.98 { "ON" } else { "OFF" }.to_owned(),
            [("", course, digits)] => value(0, course, digits),
            all => {
                let parts = all.iter().enumerate();
                let parts: Vec<String> = parts
                    .map(|(at, (name, course, digits))| format!("\"{name}\":{}", value(at, course, digits)))
                    .collect();
                let inner = parts.join(",");
                if self.topic.starts_with("tele/") {
                    let offset = host.persona().zone.offset_minutes;
                    let time = date::local(second * 1_000_000, offset);
                    format!("{{\"Time\":\"{time}\",\"ENERGY\":{{{inner}}}}}")
                } else {
                    format!("{{{inner}}}")
                }
            }
        };
        let (topic, payload) = (self.topic.clone().into_bytes(), payload.into_bytes());
        Content { topic, payload, quality: 0, carried: Vec::new(), expires: None }
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds and seeds as parts of a value")]
    fn value(&self, at: usize, course: Course, second: i64, hour: f64) -> f64 {
        let own = 1.0 + 0.04 * self.noise(at as i64 + 100, 0);
        match course {
            Around(middle, day, step) => {
                let daily = day * ((hour - 14.0) / 24.0 * std::f64::consts::TAU).cos();
                // Half of the noise lasts for some minutes.
                let slow = self.noise(at as i64, second / 600);
                middle * own + daily + step * (self.noise(at as i64, second) + slow)
            }
            Up(start, hourly) => {
                let since = second.rem_euclid(40_000_000) as f64 / 3600.0;
                start * own + hourly * since
            }
            Daylight(peak) => {
                let height = ((hour - 6.0) / 12.0 * std::f64::consts::PI).sin();
                let cloud = 0.8 + 0.2 * self.noise(at as i64, second / 300);
                if (6.0..18.0).contains(&hour) { (peak * own * height * cloud).max(0.0) } else { 0.0 }
            }
            Switch => 1.0,
        }
    }

    /// From -1 to 1, the same for the same arguments.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are enough")]
    fn noise(&self, what: i64, when: i64) -> f64 {
        let mut mixed = self.seed ^ what.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= when.cast_unsigned().wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed >> 11) as f64 / (1_u64 << 53) as f64).mul_add(2.0, -1.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
fn hour_of_day(host: &Host, second: i64) -> f64 {
    let local = second + i64::from(host.persona().zone.offset_minutes) * 60;
    local.rem_euclid(86_400) as f64 / 3600.0
}
