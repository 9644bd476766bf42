//! What a client sees and types: a login screen that takes a password, and what comes after it.

use super::{
    input::Event,
    keys::{self, Key},
    paint::Painting,
};
use netsvc_daemon::picture::{Area, Picture};
use netsvc_kit::{Accounts, Credential, Host, Link, Out};
use netsvc_wire::{Kind, field};

/// Longest line that is kept.
const LINE: usize = 256;
/// How often the field is drawn anew while somebody types; then it stays as it is.
const REDRAWS: u32 = 48;
/// Sizes of desktops.
const SMALLEST: u16 = 200;
const LARGEST: (u16, u16) = (2560, 1600);

/// A screen.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) picture: Picture,
    pub(super) painting: Option<Painting>,
    /// Who is logged on, or who is asked for a password.
    account: String,
    logged_on: bool,
    typed: String,
    shift: bool,
    capitals: bool,
    redraws: u32,
    clicks: u32,
    place: (u16, u16),
}

/// The size of a desktop for a client that would have this one.
pub(super) fn size((width, height): (u16, u16)) -> (u16, u16) {
    let (widest, highest) = LARGEST;
    (width.clamp(SMALLEST, widest), height.clamp(SMALLEST, highest))
}

impl Screen {
    /// The screen of `host` in this size: of who is logged on, or a login screen, with the name that a client gave or
    /// the usual account.
    pub(super) fn new(host: &Host, size: (u16, u16), logged_on: Option<&str>, offered: &str) -> Screen {
        let persona = host.persona();
        let usual = persona.users.iter().find(|user| user.uid >= 1000).or(persona.users.first());
        let usual = usual.map_or("Administrator", |user| &user.name);
        let account = logged_on.unwrap_or(if offered.is_empty() { usual } else { offered }).to_owned();
        let picture = match logged_on {
            Some(account) => Picture::welcome(persona, size, account),
            None => Picture::login_of(persona, size, &account),
        };
        Screen {
            picture,
            painting: None,
            account,
            logged_on: logged_on.is_some(),
            typed: String::new(),
            shift: false,
            capitals: false,
            redraws: 0,
            clicks: 0,
            place: (0, 0),
        }
    }

    /// Whether somebody is logged on.
    pub(super) fn is_logged_on(&self) -> bool {
        self.logged_on
    }

    /// Begins to send everything.
    pub(super) fn paint(&mut self) {
        let (width, height) = (self.picture.width, self.picture.height);
        self.painting = Some(Painting::new(&self.picture, Area { x: 0, y: 0, width, height }));
    }

    /// Takes an event.
    pub(super) fn take(&mut self, event: Event, host: &Host, link: &Link, out: &mut Out) {
        match event {
            Event::Key { code, extended, up } => match keys::key(code, extended, self.shift, self.capitals) {
                Key::Shift => self.shift = !up,
                _ if up => {}
                Key::Capitals => self.capitals = !self.capitals,
                Key::Enter => self.enter(host, link, out),
                Key::Back => {
                    self.typed.pop();
                    self.redraw();
                }
                Key::Letter(letter) => self.add(letter.encode_utf8(&mut [0; 4])),
                Key::Other(name) => name.into_iter().for_each(|name| self.add(name)),
            },
            Event::Unit { unit: 0x0d, up: false } => self.enter(host, link, out),
            Event::Unit { unit, up: false } => {
                let letter = char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}');
                self.add(letter.encode_utf8(&mut [0; 4]));
            }
            Event::Pointer { x, y, button } => {
                self.clicks = self.clicks.saturating_add(u32::from(button));
                self.place = (x, y);
            }
            Event::Unit { up: true, .. } | Event::Other => {}
        }
    }

    fn add(&mut self, text: &str) {
        if self.typed.len() < LINE {
            self.typed.push_str(text);
            self.redraw();
        }
    }

    /// What is typed shows in the field, unless all of the screen is on its way.
    fn redraw(&mut self) {
        let area = self.picture.type_to(self.typed.chars().count());
        if self.painting.is_none() && !self.logged_on && self.redraws < REDRAWS {
            self.redraws += 1;
            self.painting = Some(Painting::new(&self.picture, area));
        }
    }

    /// A line is typed: the password of who is shown, as far as anybody can tell.
    fn enter(&mut self, host: &Host, link: &Link, out: &mut Out) {
        let typed = std::mem::take(&mut self.typed);
        if typed.is_empty() {
            return;
        }
        out.record(Kind::Command, vec![(field::COMMAND, typed.clone().into_bytes())]);
        if self.logged_on {
            return;
        }
        let (account, secret) = match typed.split_once("<Tab>") {
            Some((account, secret)) => (account.to_owned(), secret),
            None => (self.account.clone(), typed.as_str()),
        };
        let accepted = host.login(link, Accounts::System, account.as_bytes(), secret.as_bytes());
        out.credential(Credential::plaintext(account.as_bytes(), secret.as_bytes(), "screen", accepted));
        if accepted {
            out.record(Kind::SessionStart, session(&account, "screen"));
            self.picture =
                Picture::welcome(host.persona(), (self.picture.width, self.picture.height), &account);
            (self.account, self.logged_on) = (account, true);
            self.paint();
        } else {
            let area = self.picture.refuse();
            if self.painting.is_none() && self.redraws < REDRAWS {
                self.redraws += 1;
                self.painting = Some(Painting::new(&self.picture, area));
            }
        }
    }

    /// Writes down what was done and not told yet.
    pub(super) fn leave(&mut self, out: &mut Out) {
        if !self.typed.is_empty() {
            out.record(Kind::Command, vec![(field::COMMAND, std::mem::take(&mut self.typed).into_bytes())]);
        }
        if 0 < self.clicks {
            let (x, y) = self.place;
            let told = format!("pointer {x},{y}").into_bytes();
            let count = self.clicks.to_string().into_bytes();
            out.record(Kind::Command, vec![(field::COMMAND, told), (field::COUNT, count)]);
            self.clicks = 0;
        }
    }
}

/// The fields of a session that begins.
pub(super) fn session(account: &str, method: &str) -> netsvc_kit::Fields {
    vec![(field::PRINCIPAL, account.as_bytes().to_vec()), (field::METHOD_NAME, method.as_bytes().to_vec())]
}
