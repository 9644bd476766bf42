//! How each language writes days, amounts, greetings, and who said what.

use decnet_model::people::{Language, Person, Style};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

const DAYS: [[&str; 5]; 3] = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"],
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi"],
];
const MONTHS: [[&str; 12]; 3] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januar",
        "Februar",
        "M\u{e4}rz",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    [
        "janvier",
        "f\u{e9}vrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "ao\u{fb}t",
        "septembre",
        "octobre",
        "novembre",
        "d\u{e9}cembre",
    ],
];
/// How a mail begins, by how somebody writes.
const GREETINGS: [[&str; 3]; 3] =
    [["", "Hi {},", "Hello {},"], ["", "Hallo {},", "Guten Tag {},"], ["", "Bonjour {},", "Bonjour {},"]];
/// How it ends.
const ENDS: [[&str; 3]; 3] = [
    ["Regards", "Best regards", "Many thanks and best wishes"],
    ["Gru\u{df}", "Viele Gr\u{fc}\u{df}e", "Herzliche Gr\u{fc}\u{df}e"],
    ["Cdt", "Cordialement", "Bien \u{e0} toi"],
];

fn of<T: Copy>(table: &[T; 3], language: Language) -> T {
    let [english, german, french] = *table;
    match language {
        Language::English => english,
        Language::German => german,
        Language::French => french,
    }
}

fn by_style<T: Copy>(table: [T; 3], style: Style) -> T {
    let [brief, plain, warm] = table;
    match style {
        Style::Brief => brief,
        Style::Plain => plain,
        Style::Warm => warm,
    }
}

/// A working day, drawn by `number`.
pub(crate) fn day(language: Language, number: usize) -> &'static str {
    of(&DAYS, language).get(number % 5).copied().unwrap_or_default()
}

/// A month, drawn by `number`.
pub(crate) fn month(language: Language, number: usize) -> &'static str {
    of(&MONTHS, language).get(number % 12).copied().unwrap_or_default()
}

/// An amount of money.
pub(crate) fn amount(language: Language, euros: u32, cents: u32) -> String {
    let (thousands, rest) = (euros / 1000, euros % 1000);
    let whole =
        |sign: &str| if thousands > 0 { format!("{thousands}{sign}{rest:03}") } else { rest.to_string() };
    match language {
        Language::English => format!("EUR {}.{cents:02}", whole(",")),
        Language::German => format!("{},{cents:02} EUR", whole(".")),
        Language::French => format!("{},{cents:02} EUR", whole("\u{a0}")),
    }
}

/// A time of the day.
pub(crate) fn time(language: Language, hour: u32, minute: u32) -> String {
    match language {
        Language::French => format!("{hour}h{minute:02}"),
        _ => format!("{hour}:{minute:02}"),
    }
}

/// What stands before host, user and password of a login.
pub(crate) fn login(language: Language) -> [&'static str; 3] {
    match language {
        Language::English => ["Server:    ", "User:      ", "Password:  "],
        Language::German => ["Server:    ", "Benutzer:  ", "Kennwort:  "],
        Language::French => ["Serveur :       ", "Utilisateur :   ", "Mot de passe :  "],
    }
}

/// Sentences one after the other. Where the greeting goes on in the first one, as in German, its first letter stays.
pub(crate) fn joined(language: Language, sentences: &[String]) -> String {
    let Some((first, rest)) = sentences.split_first() else { return String::new() };
    let first = if language == Language::German { first.clone() } else { capital(first) };
    let all: Vec<String> =
        std::iter::once(first).chain(rest.iter().map(|sentence| capital(sentence))).collect();
    spaced(language, &all.join(" "))
}

/// Sentences that stand by themselves.
pub(crate) fn capitalised(language: Language, sentences: &[String]) -> String {
    spaced(language, &sentences.iter().map(|sentence| capital(sentence)).collect::<Vec<_>>().join(" "))
}

/// French has a space before some signs, at which no line ends.
fn spaced(language: Language, text: &str) -> String {
    if language != Language::French {
        return text.to_owned();
    }
    let signs = ["?", ":", ";", "!", "%"];
    signs
        .iter()
        .fold(text.to_owned(), |text, sign| text.replace(&format!(" {sign}"), &format!("\u{a0}{sign}")))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `text` as a mail from `writer` to somebody called `given`.
pub(crate) fn letter(language: Language, writer: &Person, given: &str, text: &str) -> String {
    let greeting = by_style(of(&GREETINGS, language), writer.style).replace("{}", given);
    let greeting = if greeting.is_empty() { format!("{given},") } else { greeting };
    let end = by_style(of(&ENDS, language), writer.style);
    let name = match writer.style {
        Style::Brief => writer.given.clone(),
        Style::Plain => format!("{}\n{}, {}", writer.full(), writer.title, writer.department),
        Style::Warm => writer.full(),
    };
    format!("{greeting}\n\n{text}\n\n{end}\n{name}\n")
}

/// What an answer and a mail that is handed on put before the subject, by the writer's program.
pub(crate) fn prefix(language: Language, outlook: bool, forwards: bool) -> &'static str {
    match (forwards, outlook, language) {
        (false, true, Language::German) => "AW: ",
        (false, true, Language::English) => "RE: ",
        (false, true, Language::French) => "RE\u{a0}: ",
        (false, false, _) => "Re: ",
        (true, true, Language::German) => "WG: ",
        (true, true, Language::English) => "FW: ",
        (true, true, Language::French) => "TR\u{a0}: ",
        (true, false, _) => "Fwd: ",
    }
}

/// What stands before a quotation: who wrote when.
pub(crate) fn wrote(language: Language, name: &str, at: OffsetDateTime) -> String {
    let (day, month, year) = (at.day(), u8::from(at.month()), at.year());
    let (hour, minute) = (at.hour(), at.minute());
    match language {
        Language::English => format!("On {day:02}/{month:02}/{year} {hour:02}:{minute:02}, {name} wrote:"),
        Language::German => format!("Am {day:02}.{month:02}.{year} um {hour:02}:{minute:02} schrieb {name}:"),
        Language::French => {
            format!("Le {day:02}/{month:02}/{year} \u{e0} {hour:02}:{minute:02}, {name} a \u{e9}crit\u{a0}:")
        }
    }
}

/// The head of a quotation as Outlook writes it: names of from, sent, to and subject.
pub(crate) fn heads(language: Language) -> [&'static str; 4] {
    match language {
        Language::English => ["From:", "Sent:", "To:", "Subject:"],
        Language::German => ["Von:", "Gesendet:", "An:", "Betreff:"],
        Language::French => ["De\u{a0}:", "Envoy\u{e9}\u{a0}:", "\u{c0}\u{a0}:", "Objet\u{a0}:"],
    }
}

/// A day and time as Outlook writes them.
pub(crate) fn long(language: Language, at: OffsetDateTime) -> String {
    let weekday = usize::from(at.weekday().number_days_from_monday());
    let name = of(&DAYS, language).get(weekday).copied().unwrap_or_default();
    let month = month(language, usize::from(u8::from(at.month())) - 1);
    let (day, year, hour, minute) = (at.day(), at.year(), at.hour(), at.minute());
    match language {
        Language::English => format!("{name}, {month} {day}, {year} {hour:02}:{minute:02}"),
        Language::German => format!("{name}, {day}. {month} {year} {hour:02}:{minute:02}"),
        Language::French => format!("{name} {day} {month} {year} {hour:02}:{minute:02}"),
    }
}

/// Date of RFC 5322 §3.3: `Mon, 30 Nov 2026 09:12:44 +0100`.
pub(crate) fn date(at: OffsetDateTime) -> String {
    // Only years before 1900 and offsets with seconds cannot be written.
    at.format(&Rfc2822).unwrap_or_default()
}
