//! Places on the globe, which are members of a sorted set whose scores interleave longitude and latitude.
//!
//! Source: <https://redis.io/docs/latest/commands/geoadd/>.

use super::super::{
    Reply,
    context::Context,
    reply::{Outcome, double},
    value::{Scores, Value, ordered},
    words::{Words, float},
};

/// Radius of the globe as the server has it, m.
const RADIUS: f64 = 6_372_797.560_856;
/// Highest latitude of the projection, degrees.
const LATITUDE: f64 = 85.051_128_78;

/// Runs `name` if it is a command on places.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "geoadd" => add(context, words),
        "geodist" => distance_of(context, words),
        "geopos" => positions(context, words),
        "geohash" => hashes(context, words),
        "geosearch"
        | "geosearchstore"
        | "georadius"
        | "georadius_ro"
        | "georadiusbymember"
        | "georadiusbymember_ro" => search(context, name, words),
        _ => return None,
    })
}

/// 26 bits of each, the latitude's first.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are in 0..2^26")]
fn interleave(longitude: f64, latitude: f64, limit: f64) -> u64 {
    let scaled = |value: f64, limit: f64| ((value + limit) / (2.0 * limit) * f64::from(1_u32 << 26)) as u64;
    let (x, y) = (scaled(longitude, 180.0), scaled(latitude, limit));
    (0..26).fold(0, |bits, at| bits | (y >> at & 1) << (2 * at) | (x >> at & 1) << (2 * at + 1))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are of 52 bits")]
fn place(score: f64) -> (f64, f64) {
    let bits = score.max(0.0) as u64;
    let half =
        |offset: u32| (0..26).fold(0_u32, |value, at| value | ((bits >> (2 * at + offset) & 1) as u32) << at);
    let middle = |cell: u32, limit: f64| {
        // In the server's order of operations, so that the last digits are its own.
        let edge = |cell: u32| -limit + f64::from(cell) / f64::from(1_u32 << 26) * (2.0 * limit);
        (edge(cell) + edge(cell + 1)) / 2.0
    };
    (middle(half(1), 180.0), middle(half(0), LATITUDE))
}

fn distance(left: (f64, f64), right: (f64, f64)) -> f64 {
    let (x1, y1) = (left.0.to_radians(), left.1.to_radians());
    let (x2, y2) = (right.0.to_radians(), right.1.to_radians());
    let (u, v) = (((y2 - y1) / 2.0).sin(), ((x2 - x1) / 2.0).sin());
    2.0 * RADIUS * (u * u + y1.cos() * y2.cos() * v * v).sqrt().asin()
}

fn coordinates(longitude: &[u8], latitude: &[u8]) -> Result<(f64, f64), Reply> {
    let refusal = || Reply::error("ERR value is not a valid float");
    let (x, y) = (float(longitude).ok_or_else(refusal)?, float(latitude).ok_or_else(refusal)?);
    if x.abs() > 180.0 || y.abs() > LATITUDE {
        return Err(Reply::error(format!("ERR invalid longitude,latitude pair {x:.6},{y:.6}")));
    }
    Ok((x, y))
}

fn unit(word: &[u8]) -> Result<f64, Reply> {
    match word.to_ascii_lowercase().as_slice() {
        b"m" => Ok(1.0),
        b"km" => Ok(1000.0),
        b"ft" => Ok(0.3048),
        b"mi" => Ok(1609.34),
        _ => Err(Reply::error("ERR unsupported unit provided. please use M, KM, FT, MI")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "scores are of 52 bits")]
fn score((longitude, latitude): (f64, f64)) -> f64 {
    interleave(longitude, latitude, LATITUDE) as f64
}

fn add(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (mut new, mut old, mut changed, mut index) = (false, false, false, 2);
    loop {
        match words.lower(index).as_str() {
            "nx" => new = true,
            "xx" => old = true,
            "ch" => changed = true,
            _ => break,
        }
        index += 1;
    }
    let triples = words.from(index);
    if triples.is_empty() || !triples.len().is_multiple_of(3) || (new && old) {
        return Err(Reply::syntax());
    }
    let mut places = Vec::new();
    for triple in triples.chunks(3) {
        if let [longitude, latitude, member] = triple {
            places.push((member.clone(), score(coordinates(longitude, latitude)?)));
        }
    }
    let scores = context.edit_sorted(words.at(1), words.cost(index))?;
    let (mut fresh, mut moved) = (0, 0);
    for (member, value) in places {
        match scores.get(&member) {
            None if old => {}
            Some(_) if new => {}
            current => {
                fresh += usize::from(current.is_none());
                moved += usize::from(current.is_some_and(|current| *current != value));
                scores.insert(member, value);
            }
        }
    }
    context.settle(words.at(1));
    Ok(Reply::count(if changed { fresh + moved } else { fresh }))
}

fn metres(distance: f64, unit: f64) -> Reply {
    Reply::bulk(format!("{:.4}", distance / unit))
}

fn distance_of(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if words.len() > 5 {
        return Err(Reply::syntax());
    }
    let unit = if words.len() == 5 { unit(words.at(4))? } else { 1.0 };
    let scores = context.sorted(words.at(1))?;
    let find = |member: &[u8]| scores.and_then(|scores| scores.get(member)).map(|score| place(*score));
    match (find(words.at(2)), find(words.at(3))) {
        (Some(left), Some(right)) => Ok(metres(distance(left, right), unit)),
        _ => Ok(Reply::Null),
    }
}

/// A coordinate as the server writes it, with seventeen digits behind the point.
fn degrees(value: f64) -> String {
    super::super::reply::trimmed(&format!("{value:.17}")).to_owned()
}

fn position((longitude, latitude): (f64, f64)) -> Reply {
    Reply::list([degrees(longitude), degrees(latitude)])
}

fn positions(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let scores = context.sorted(words.at(1))?;
    let find = |member: &Vec<u8>| scores.and_then(|scores| scores.get(member)).map(|score| place(*score));
    let shown = |member| find(member).map_or(Reply::NullArray, position);
    Ok(Reply::Array(words.from(2).iter().map(shown).collect()))
}

fn hashes(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    const DIGITS: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let scores = context.sorted(words.at(1))?;
    let shown = |member: &Vec<u8>| {
        let Some((longitude, latitude)) = scores.and_then(|s| s.get(member)).map(|score| place(*score))
        else {
            return Reply::Null;
        };
        let bits = interleave(longitude, latitude, 90.0);
        let digit = |at: u32| {
            let index = if at == 10 { 0 } else { bits >> (52 - (at + 1) * 5) & 31 };
            DIGITS.get(usize::try_from(index).unwrap_or(0)).copied().unwrap_or(b'0')
        };
        Reply::Bulk((0..11).map(digit).collect())
    };
    Ok(Reply::Array(words.from(2).iter().map(shown).collect()))
}

#[derive(Default)]
struct Search {
    centre: Option<(f64, f64)>,
    radius: Option<f64>,
    boxed: Option<(f64, f64)>,
    unit: f64,
    order: Option<bool>,
    count: usize,
    coordinates: bool,
    distances: bool,
    hashes: bool,
    store: Option<(Vec<u8>, bool)>,
}

fn member_place(context: &mut Context<'_>, key: &[u8], member: &[u8]) -> Result<(f64, f64), Reply> {
    let found = context.sorted(key)?.and_then(|scores| scores.get(member)).map(|score| place(*score));
    found.ok_or_else(|| Reply::error("ERR could not decode requested zset member"))
}

fn length(word: &[u8], what: &str) -> Result<f64, Reply> {
    let number = float(word).ok_or_else(|| Reply::error(format!("ERR need numeric {what}")))?;
    if number < 0.0 { Err(Reply::error(format!("ERR {what} cannot be negative"))) } else { Ok(number) }
}

fn search(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let stores = name == "geosearchstore";
    let key = words.at(if stores { 2 } else { 1 });
    let mut wanted = Search { unit: 1.0, ..Search::default() };
    let mut index = if stores { 3 } else { 2 };
    if name.starts_with("georadiusbymember") {
        wanted.centre = Some(
            member_place(context, key, words.at(2))
                .or_else(|refusal| if context.exists(key) { Err(refusal) } else { Ok((0.0, 0.0)) })?,
        );
        index = 3;
    } else if name.starts_with("georadius") {
        wanted.centre = Some(coordinates(words.at(2), words.at(3))?);
        index = 4;
    }
    if wanted.centre.is_some() {
        wanted.unit = unit(words.at(index + 1))?;
        wanted.radius = Some(length(words.at(index), "radius")? * wanted.unit);
        index += 2;
    }
    if stores {
        wanted.store = Some((words.at(1).to_vec(), false));
    }
    options(context, name, (words, index), key, &mut wanted)?;
    if wanted.centre.is_none() || (wanted.radius.is_none() && wanted.boxed.is_none()) {
        return Err(Reply::syntax());
    }
    let empty = Scores::new();
    let found = matches(context.sorted(key)?.unwrap_or(&empty), &wanted);
    if let Some((target, by_distance)) = wanted.store {
        let scores: Scores = found
            .into_iter()
            .map(|(m, s, far)| (m, if by_distance { far / wanted.unit } else { s }))
            .collect();
        let count = scores.len();
        context.store(&target, Value::Sorted(scores), Some(None))?;
        return Ok(Reply::count(count));
    }
    Ok(Reply::Array(found.into_iter().map(|row| shown(row, &wanted)).collect()))
}

fn options(
    context: &mut Context<'_>,
    name: &str,
    (words, mut index): (Words<'_>, usize),
    key: &[u8],
    wanted: &mut Search,
) -> Result<(), Reply> {
    let modern = name.starts_with("geosearch");
    while index < words.len() {
        match words.lower(index).as_str() {
            "frommember" if modern => {
                wanted.centre = Some(member_place(context, key, words.at(index + 1))?);
                index += 1;
            }
            "fromlonlat" if modern => {
                wanted.centre = Some(coordinates(words.at(index + 1), words.at(index + 2))?);
                index += 2;
            }
            "byradius" if modern => {
                wanted.unit = unit(words.at(index + 2))?;
                wanted.radius = Some(length(words.at(index + 1), "radius")? * wanted.unit);
                index += 2;
            }
            "bybox" if modern => {
                wanted.unit = unit(words.at(index + 3))?;
                let width = length(words.at(index + 1), "width")? * wanted.unit;
                wanted.boxed = Some((width, length(words.at(index + 2), "height")? * wanted.unit));
                index += 3;
            }
            "asc" => wanted.order = Some(true),
            "desc" => wanted.order = Some(false),
            "count" => {
                let count = usize::try_from(words.integer(index + 1)?).unwrap_or(0);
                if count == 0 {
                    return Err(Reply::error("ERR COUNT must be > 0"));
                }
                wanted.count = count;
                wanted.order = wanted.order.or(Some(true));
                index += 1 + usize::from(words.is(index + 2, "any"));
            }
            "withcoord" => wanted.coordinates = true,
            "withdist" => wanted.distances = true,
            "withhash" => wanted.hashes = true,
            "storedist" if name == "geosearchstore" => wanted.store = Some((words.at(1).to_vec(), true)),
            verb @ ("store" | "storedist") if matches!(name, "georadius" | "georadiusbymember") => {
                wanted.store = Some((words.at(index + 1).to_vec(), verb == "storedist"));
                index += 1;
            }
            _ => return Err(Reply::syntax()),
        }
        index += 1;
    }
    Ok(())
}

fn matches(scores: &Scores, wanted: &Search) -> Vec<(Vec<u8>, f64, f64)> {
    let centre = wanted.centre.unwrap_or_default();
    let inside = |at: (f64, f64), far: f64| match (wanted.radius, wanted.boxed) {
        (Some(radius), _) => far <= radius,
        (_, Some((width, height))) => {
            distance((centre.0, at.1), at) <= width / 2.0 && distance((at.0, centre.1), at) <= height / 2.0
        }
        _ => false,
    };
    let rows = ordered(scores).into_iter().filter_map(|(member, score)| {
        let at = place(score);
        let far = distance(centre, at);
        inside(at, far).then(|| (member.clone(), score, far))
    });
    let mut found: Vec<_> = rows.collect();
    match wanted.order {
        Some(true) => found.sort_by(|left, right| left.2.total_cmp(&right.2)),
        Some(false) => found.sort_by(|left, right| right.2.total_cmp(&left.2)),
        None => {}
    }
    if wanted.count > 0 {
        found.truncate(wanted.count);
    }
    found
}

fn shown((member, score, far): (Vec<u8>, f64, f64), wanted: &Search) -> Reply {
    if !(wanted.distances || wanted.hashes || wanted.coordinates) {
        return Reply::Bulk(member);
    }
    let mut row = vec![Reply::Bulk(member)];
    if wanted.distances {
        row.push(metres(far, wanted.unit));
    }
    if wanted.hashes {
        row.push(Reply::Integer(double(score).parse().unwrap_or(0)));
    }
    if wanted.coordinates {
        row.push(position(place(score)));
    }
    Reply::Array(row)
}
