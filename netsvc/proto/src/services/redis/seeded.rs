//! What a server without a password holds: sessions, a cache, counters and queues of the persona's application,
//! something worth stealing among them. It moves: sessions end and begin, counters rise, jobs come and go.

use super::{keyspace::Keyspace, value::Value};
use indexmap::IndexMap;
use netsvc_kit::Host;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

/// Time between two changes, µs.
const BEAT: i64 = 7_000_000;
/// Most changes that are made up for after a quiet time.
const MOST: i64 = 200;
/// Sessions that live at a time.
const SESSIONS: u32 = 48;
/// How long a session lives, µs.
const SESSION: i64 = 7_200_000_000;

const FIRST: &[&str] = &[
    "anna", "bernd", "carla", "david", "elena", "felix", "greta", "hannes", "ines", "jonas", "karin", "lukas",
];
const LAST: &[&str] = &[
    "weber", "koch", "bauer", "richter", "klein", "wolf", "neumann", "braun", "krueger", "hofmann", "lange",
];
const PAGES: &[&str] = &["home", "products", "pricing", "search", "cart", "account", "contact"];
const QUEUES: &[&str] = &["queue:mail", "queue:invoices", "queue:thumbnails"];

/// The application that uses the server.
#[derive(Debug)]
pub(super) struct Life {
    generator: ChaCha20Rng,
    domain: String,
    /// When the last change was made, µs; `None`: nobody uses the server.
    last: Option<i64>,
    serial: u32,
}

impl Life {
    /// Fills `keys` where `host` has no password; a guarded server shows nothing to those outside.
    pub(super) fn begin(host: &Host, keys: &mut Keyspace) -> Self {
        let mut life = Life {
            generator: host.generator("application"),
            domain: host.persona().domain.clone(),
            last: None,
            serial: 18_400,
        };
        life.serial += life.draw(40_000);
        if host.setting("password").is_none() {
            let now = host.clock();
            life.fill(keys, now);
            life.last = Some(now);
            keys.changes = 0;
        }
        life
    }

    /// Makes the changes that are due at `now`.
    pub(super) fn advance(&mut self, keys: &mut Keyspace, now: i64) {
        let Some(last) = self.last else { return };
        let beats = (now - last) / BEAT;
        if beats < 1 {
            return;
        }
        self.last = Some(last + beats * BEAT);
        // Whoever emptied the server has emptied it: an application fills its cache again, slowly.
        for _ in 0..beats.min(MOST) {
            self.beat(keys, now);
        }
    }

    fn draw(&mut self, end: u32) -> u32 {
        self.generator.next_u32().checked_rem(end).unwrap_or(0)
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        let at = self.draw(u32::try_from(list.len()).unwrap_or(1));
        list.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or_default()
    }

    fn hex(&mut self, bytes: usize) -> String {
        let mut drawn = vec![0; bytes];
        self.generator.fill_bytes(&mut drawn);
        hex::encode(drawn)
    }

    fn person(&mut self) -> String {
        let (first, last) = (self.pick(FIRST), self.pick(LAST));
        format!("{first}.{last}@{}", self.domain)
    }

    // What does not fit is left out: the peer filled the memory.
    fn put(keys: &mut Keyspace, key: &str, value: Value, now: i64, lives: Option<i64>) {
        let _ = keys.set(0, key.as_bytes(), value, now, Some(lives.map(|time| now + time)));
    }

    fn fill(&mut self, keys: &mut Keyspace, now: i64) {
        for _ in 0..SESSIONS {
            let left = SESSION - i64::from(self.draw(7000)) * 1_000_000;
            self.session(keys, now, left);
        }
        for id in 1..=24_u32 {
            let price = 900 + self.draw(20_000);
            let stock = self.draw(400);
            let text =
                format!("{{\"id\":{id},\"price\":{}.{:02},\"stock\":{stock}}}", price / 100, price % 100);
            let lives = 60_000_000 + i64::from(self.draw(3500)) * 1_000_000;
            Self::put(keys, &format!("cache:product:{id}"), Value::Text(text.into()), now, Some(lives));
        }
        for page in PAGES {
            let count = 10_000 + self.draw(90_000);
            let key = format!("stats:views:{page}");
            Self::put(keys, &key, Value::Text(count.to_string().into()), now, None);
        }
        for queue in QUEUES {
            let jobs = 2 + self.draw(5);
            let list = (0..jobs).map(|_| self.job().into_bytes()).collect();
            Self::put(keys, queue, Value::List(list), now, None);
        }
        let scores = (0..20).map(|_| (self.person().into_bytes(), f64::from(self.draw(5000)))).collect();
        Self::put(keys, "leaderboard:sales", Value::Sorted(scores), now, None);
        let users = (0..12).map(|_| (1000 + self.draw(800)).to_string().into_bytes()).collect();
        Self::put(keys, "users:online", Value::Set(users), now, None);
        self.secrets(keys, now);
    }

    fn session(&mut self, keys: &mut Keyspace, now: i64, lives: i64) {
        let (id, person) = (1000 + self.draw(800), self.person());
        let role = if self.draw(16) == 0 { "admin" } else { "user" };
        let token = self.hex(16);
        let text = format!(
            "{{\"user_id\":{id},\"email\":\"{person}\",\"role\":\"{role}\",\"csrf\":\"{token}\",\"last_seen\":{}}}",
            now / 1_000_000
        );
        let key = format!("session:{}", self.hex(16));
        Self::put(keys, &key, Value::Text(text.into()), now, Some(lives));
    }

    fn job(&mut self) -> String {
        self.serial += 1;
        let person = self.person();
        format!(
            "{{\"id\":{},\"to\":\"{person}\",\"template\":\"order-confirmation\",\"attempts\":0}}",
            self.serial
        )
    }

    /// What intruders look for. Nothing of it opens anything; all of it is theirs to try.
    fn secrets(&mut self, keys: &mut Keyspace, now: i64) {
        let pairs = [
            ("db_host", format!("db01.{}", self.domain)),
            ("db_user", "app".to_owned()),
            ("db_password", self.hex(8)),
            ("smtp_user", format!("noreply@{}", self.domain)),
            ("smtp_password", self.hex(7)),
            ("jwt_secret", self.hex(32)),
            ("maintenance", "0".to_owned()),
        ];
        let hash: IndexMap<Vec<u8>, Vec<u8>> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into_bytes())).collect();
        Self::put(keys, "config:app", Value::Hash(hash), now, None);
        for id in [1, 2, 7] {
            let (person, hash) = (self.person(), self.hex(16));
            let fields = [("email", person), ("password_md5", hash), ("api_key", self.hex(20))];
            let hash = fields.into_iter().map(|(name, value)| (name.into(), value.into_bytes())).collect();
            Self::put(keys, &format!("user:{id}"), Value::Hash(hash), now, None);
        }
    }

    fn beat(&mut self, keys: &mut Keyspace, now: i64) {
        let page = format!("stats:views:{}", self.pick(PAGES));
        let seen = match keys.get(0, page.as_bytes(), now) {
            Some(Value::Text(text)) => {
                std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok())
            }
            _ => None,
        };
        let seen = seen.unwrap_or(0) + 1 + u64::from(self.draw(4));
        Self::put(keys, &page, Value::Text(seen.to_string().into()), now, None);
        if self.draw(20) == 0 {
            self.session(keys, now, SESSION);
        }
        let queue = self.pick(QUEUES).as_bytes();
        let comes = self.draw(2) == 0;
        let job = self.job();
        if matches!(keys.get(0, queue, now), None | Some(Value::List(_)))
            && let Ok(Value::List(list)) =
                keys.edit(0, queue, now, job.len() + 48, Value::List(Default::default()))
        {
            if comes && list.len() < 40 {
                list.push_back(job.into_bytes());
            } else {
                list.pop_front();
            }
        }
        keys.settle(0, queue);
    }
}
