//! seq, expr, bc, factor, and numbers as C prints them.

use super::{
    Run,
    options::options,
    rest,
    wording::{quoted, wrong_use},
};
use crate::interpret::{Shell, Status};

pub(super) const COMMANDS: &[(&str, Run)] = &[("seq", seq), ("expr", expr), ("factor", factor)];

/// A number as `printf` prints it with `f`, `e` or `g`.
pub(super) fn float(code: char, value: f64, precision: Option<usize>) -> String {
    let digits = precision.unwrap_or(6);
    match code {
        'e' => {
            let text = format!("{value:.digits$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        'g' => general(value, digits),
        _ => format!("{value:.digits$}"),
    }
}

/// `%g`.
pub(super) fn general(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let exponent = value.abs().log10().floor() as i32;
    let digits = i32::try_from(digits.max(1)).unwrap_or(6);
    if exponent < -4 || exponent >= digits {
        let text = float('e', value, usize::try_from(digits - 1).ok());
        let (mantissa, tail) = text.split_once('e').unwrap_or((&text, "+00"));
        let mantissa = if mantissa.contains('.') {
            mantissa.trim_end_matches('0').trim_end_matches('.')
        } else {
            mantissa
        };
        return format!("{mantissa}e{tail}");
    }
    let text = format!("{value:.*}", usize::try_from(digits - 1 - exponent).unwrap_or(0));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn seq(shell: &mut Shell, arguments: &[String]) -> Status {
    let negative = |word: &String| word.parse::<f64>().is_ok();
    let words: Vec<String> = arguments
        .iter()
        .map(
            |word| {
                if word.starts_with('-') && negative(word) { format!("\u{1}{word}") } else { word.clone() }
            },
        )
        .collect();
    let Some(options) = options(shell, &words, "+s:wf:", &[("separator", 's'), ("equal-width", 'w')])? else {
        return Ok(1);
    };
    let texts: Vec<&str> = options.operands.iter().map(|word| word.trim_start_matches('\u{1}')).collect();
    let parsed: Result<Vec<f64>, _> = texts.iter().map(|text| text.parse()).collect();
    let numbers = parsed.unwrap_or_default();
    let (first, step, last) = match numbers.as_slice() {
        [last] => (1.0, 1.0, *last),
        [first, last] => (*first, 1.0, *last),
        [first, step, last] if *step != 0.0 => (*first, *step, *last),
        _ => return wrong_use(shell, "seq", &no_sequence(&texts), 1),
    };
    let places = texts
        .iter()
        .map(|text| text.split_once('.').map_or(0, |(_, digits)| digits.len()))
        .max()
        .unwrap_or(0)
        .min(12);
    let separator = options.value('s').unwrap_or("\n").to_owned();
    let width = if options.has('w') {
        [first, last].iter().map(|value| format!("{value:.places$}").len()).max().unwrap_or(0)
    } else {
        0
    };
    let mut out = String::new();
    let mut index = 0_u32;
    loop {
        let value = first + f64::from(index) * step;
        if step > 0.0 && value > last + 1e-9 || step < 0.0 && value < last - 1e-9 {
            break;
        }
        if index > 0 {
            out.push_str(&separator);
        }
        out.push_str(&format!("{value:0width$.places$}"));
        index += 1;
        if out.len() > 16_384 {
            shell.out(&std::mem::take(&mut out))?;
        }
    }
    if index > 0 {
        out.push('\n');
    }
    shell.out(&out)?;
    Ok(0)
}

/// Why operands of seq are no sequence.
fn no_sequence(texts: &[&str]) -> String {
    let wrong = texts.iter().find(|text| text.parse::<f64>().is_err());
    match (texts.is_empty(), wrong, texts.get(3)) {
        (true, ..) => "missing operand".into(),
        (_, Some(wrong), _) => format!("invalid floating point argument: {}", quoted(wrong)),
        (_, _, Some(extra)) => format!("extra operand {}", quoted(extra)),
        _ => format!("invalid Zero increment value: {}", quoted("0")),
    }
}

fn expr(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let mut parser = Words { words, at: 0, depth: 0, wrong: None };
    let value = parser.level(0);
    let wrong = parser.wrong;
    match value {
        Some(value) if parser.at == words.len() => {
            shell.out(&format!("{value}\n"))?;
            Ok(i32::from(value.is_empty() || value == "0"))
        }
        _ => {
            let (at, last) = (parser.at, words.last().map_or("", String::as_str));
            let text = match (wrong, shell.flavour().busybox()) {
                (_, true) if words.is_empty() => "too few arguments".to_owned(),
                (_, false) if words.is_empty() => {
                    "missing operand\nTry 'expr --help' for more information.".to_owned()
                }
                (Some(Wrong::Number), true) => "non-numeric argument".into(),
                (Some(Wrong::Number), false) => "non-integer argument".into(),
                (Some(Wrong::Zero), _) => "division by zero".into(),
                (None, true) => "syntax error".into(),
                (None, false) => match words.get(at) {
                    Some(next) => format!("syntax error: unexpected argument {}", quoted(next)),
                    None => format!("syntax error: missing argument after {}", quoted(last)),
                },
            };
            shell.err(&format!("expr: {text}\n"))?;
            Ok(2)
        }
    }
}

/// Why operands have no result.
#[derive(Clone, Copy)]
enum Wrong {
    Number,
    Zero,
}

struct Words<'a> {
    wrong: Option<Wrong>,
    words: &'a [String],
    at: usize,
    depth: usize,
}

impl Words<'_> {
    fn level(&mut self, level: usize) -> Option<String> {
        const LEVELS: [&[&str]; 6] =
            [&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"], &[":"]];
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.words.get(self.at).filter(|word| operators.contains(&word.as_str())) {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = match combine(operator, &left, &right) {
                Ok(value) => value?,
                Err(wrong) => {
                    self.wrong = Some(wrong);
                    return None;
                }
            };
        }
        Some(left)
    }

    fn primary(&mut self) -> Option<String> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        match word.as_str() {
            "(" => {
                self.depth += 1;
                let value = if self.depth > 16 { None } else { self.level(0) }?;
                self.depth -= 1;
                self.at += 1;
                (self.words.get(self.at - 1)? == ")").then_some(value)
            }
            "length" if self.at < self.words.len() => {
                self.at += 1;
                Some(self.words.get(self.at - 1)?.chars().count().to_string())
            }
            "substr" if self.at + 2 < self.words.len() => {
                let (text, from, count) =
                    (self.words.get(self.at)?, self.words.get(self.at + 1)?, self.words.get(self.at + 2)?);
                self.at += 3;
                let (from, count): (usize, usize) = (from.parse().ok()?, count.parse().ok()?);
                Some(text.chars().skip(from.checked_sub(1)?).take(count).collect())
            }
            "index" if self.at + 1 < self.words.len() => {
                let (text, wanted) = (self.words.get(self.at)?, self.words.get(self.at + 1)?);
                self.at += 2;
                let at = text.chars().position(|character| wanted.contains(character));
                Some(at.map_or(0, |at| at + 1).to_string())
            }
            _ => Some(word.clone()),
        }
    }
}

/// `Ok(None)`: the right side is no expression.
fn combine(operator: &str, left: &str, right: &str) -> Result<Option<String>, Wrong> {
    let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    match (operator, numbers) {
        ("+" | "-" | "*" | "/" | "%", None) => Err(Wrong::Number),
        ("/" | "%", Some((_, 0))) => Err(Wrong::Zero),
        _ => Ok(result(operator, left, right)),
    }
}

fn result(operator: &str, left: &str, right: &str) -> Option<String> {
    let truth = |text: &str| !text.is_empty() && text != "0";
    let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    let order = numbers.map_or_else(|| left.cmp(right), |(left, right)| left.cmp(&right));
    let flag = |value: bool| Some(i32::from(value).to_string());
    match operator {
        "|" => Some(if truth(left) { left.to_owned() } else { right.to_owned() }),
        "&" => Some(if truth(left) && truth(right) { left.to_owned() } else { "0".into() }),
        "<" => flag(order.is_lt()),
        "<=" => flag(order.is_le()),
        "=" | "==" => flag(order.is_eq()),
        "!=" => flag(order.is_ne()),
        ">=" => flag(order.is_ge()),
        ">" => flag(order.is_gt()),
        ":" => {
            let regex = super::expression(&format!("^{right}"), false, false)?;
            let captures = regex.captures(left);
            let grouped = right.contains("\\(");
            Some(match captures {
                Some(captures) if grouped => captures.get(1).map_or("", |group| group.as_str()).to_owned(),
                Some(captures) => captures.get(0).map_or(0, |all| all.as_str().chars().count()).to_string(),
                None => {
                    if grouped {
                        String::new()
                    } else {
                        "0".into()
                    }
                }
            })
        }
        _ => {
            let (left, right) = numbers?;
            Some(
                match operator {
                    "+" => left.wrapping_add(right),
                    "-" => left.wrapping_sub(right),
                    "*" => left.wrapping_mul(right),
                    "/" => left.checked_div(right)?,
                    _ => left.checked_rem(right)?,
                }
                .to_string(),
            )
        }
    }
}

fn factor(shell: &mut Shell, arguments: &[String]) -> Status {
    for word in rest(arguments) {
        let Ok(mut number) = word.parse::<u64>() else { continue };
        let mut out = format!("{number}:");
        let mut divisor = 2;
        while divisor * divisor <= number && divisor < 1_000_000 {
            if number % divisor == 0 {
                out.push_str(&format!(" {divisor}"));
                number /= divisor;
            } else {
                divisor += 1;
            }
        }
        if number > 1 {
            out.push_str(&format!(" {number}"));
        }
        shell.spend(200)?;
        shell.out(&format!("{out}\n"))?;
    }
    Ok(0)
}
