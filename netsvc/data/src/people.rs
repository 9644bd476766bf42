//! The application whose data the services of a node keep: people who do not exist, and what they bought. Whichever
//! service is asked, they are the same.

use netsvc_kit::Host;
use netsvc_persona::subkey;
use rand_core::RngCore;

/// How many of them there are.
const COUNT: u32 = 48;
/// What the generator of the application's data is drawn by.
const LABEL: &str = "application data";

const NAMES: &[&str] = &["crm", "shop", "intranet", "billing", "inventory", "portal", "customers"];
const FIRST: &[&str] = &[
    "Anna", "Bernd", "Carla", "David", "Elena", "Felix", "Greta", "Hannes", "Ines", "Jonas", "Karin",
    "Lukas", "Maria", "Nils", "Olga", "Paul",
];
const LAST: &[&str] = &[
    "Weber", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Neumann", "Braun", "Krueger", "Hofmann", "Lange",
    "Schmitt", "Vogel", "Keller",
];
const CITIES: &[&str] = &["Berlin", "Hamburg", "Leipzig", "Wien", "Graz", "Bern", "Bremen", "Dresden"];
const GOODS: &[&str] = &["licence", "support plan", "router", "headset", "toner", "notebook", "monitor"];

/// The application.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its name, which its database bears.
    pub name: &'static str,
    /// Its customers, the first of whom administers it.
    pub people: Vec<Person>,
}

/// Somebody.
#[derive(Clone, Debug)]
pub struct Person {
    /// Number, from 1.
    pub id: u32,
    /// First name.
    pub first: &'static str,
    /// Last name.
    pub last: &'static str,
    /// Mail address.
    pub mail: String,
    /// Where they live.
    pub city: &'static str,
    /// Telephone.
    pub phone: String,
    /// What looks like bcrypt of their password.
    pub password: String,
    /// Key of the interface for programs.
    pub token: String,
    /// Since when they are customers, µs since the epoch.
    pub since: i64,
    /// What they bought: goods, amount in cents, when.
    pub orders: Vec<(&'static str, u32, i64)>,
}

/// The application of the node of `host`.
pub fn application(host: &Host) -> Application {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let mut random = subkey::generator(&key, &[LABEL]);
    let name = pick(NAMES, random.next_u32());
    let begun = host.persona().installed_at;
    let lifetime =
        u64::try_from(host.persona().booted_at.saturating_sub(begun)).unwrap_or(0).max(86_400_000_000);
    let moment = |random: u64| begun + i64::try_from(random % lifetime).unwrap_or(0) / 1000 * 1000;
    let domain = host.persona().domain.clone();
    let people = (1..=COUNT).map(|id| {
        let (first, last) = (pick(FIRST, random.next_u32()), pick(LAST, random.next_u32()));
        let city = pick(CITIES, random.next_u32());
        let mut digest = [0; 54];
        random.fill_bytes(&mut digest);
        let (hash, token) = digest.split_at(34);
        let count = random.next_u32() % 4;
        let mut orders: Vec<_> = (0..count)
            .map(|_| {
                (pick(GOODS, random.next_u32()), 990 + random.next_u32() % 90_000, moment(random.next_u64()))
            })
            .collect();
        orders.sort_by_key(|(_, _, when)| *when);
        Person {
            id,
            first,
            last,
            mail: format!("{}.{}@{domain}", first.to_lowercase(), last.to_lowercase()),
            city,
            phone: format!("+49 {} {}", 30 + random.next_u32() % 900, 100_000 + random.next_u32() % 900_000),
            password: format!("$2b$12${}", radix64(hash).get(..53).unwrap_or_default()),
            token: hex::encode(token),
            since: moment(random.next_u64()),
            orders,
        }
    });
    Application { name, people: people.collect() }
}

fn pick<'a>(list: &[&'a str], random: u32) -> &'a str {
    let at = usize::try_from(random).unwrap_or(0) % list.len().max(1);
    list.get(at).copied().unwrap_or_default()
}

/// Bytes in the letters of bcrypt, six bits of each byte.
fn radix64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |bits: u8| LETTERS.get(usize::from(bits & 63)).map_or('.', |letter| char::from(*letter));
    bytes.iter().flat_map(|byte| [letter(*byte), letter(byte.rotate_left(3))]).collect()
}
