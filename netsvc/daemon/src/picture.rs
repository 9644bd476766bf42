//! What the screen of a host shows: shapes, from which rows of pixels are made when they are asked for.

use netsvc_persona::Persona;

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// Glyphs of 0x20 to 0x7e, seven rows of five bits each (the font `5x7` of X11's misc-fixed, in the public domain).
const FONT: &str = include_str!("data/font.txt");
const FIRST: u32 = 0x20;
const ROWS: usize = 7;
const COLUMNS: usize = 6;
/// Characters of what is typed that are shown.
const DOTS: usize = 24;

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Of its left side.
    pub x: u16,
    /// Of its upper side.
    pub y: u16,
    /// Pixels from left to right.
    pub width: u16,
    /// Pixels from top to bottom.
    pub height: u16,
}

impl Area {
    /// The smallest that holds both.
    pub fn with(self, other: Area) -> Area {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let end = |at: u16, length: u16| at.saturating_add(length);
        let right = end(self.x, self.width).max(end(other.x, other.width));
        let bottom = end(self.y, self.height).max(end(other.y, other.height));
        Area { x, y, width: right - x, height: bottom - y }
    }

    /// What of it is in `picture`.
    pub fn within(self, picture: &Picture) -> Area {
        let (x, y) = (self.x.min(picture.width), self.y.min(picture.height));
        Area { x, y, width: self.width.min(picture.width - x), height: self.height.min(picture.height - y) }
    }
}

#[derive(Clone, Debug)]
enum Shape {
    Fill(Area, Colour),
    /// A text with its place and the size of its points.
    Text {
        x: u16,
        y: u16,
        scale: u16,
        colour: Colour,
        text: String,
    },
}

/// Colours and words of a system's screens.
struct Theme {
    back: Colour,
    front: Colour,
    panel: Colour,
    bar: Colour,
    hint: &'static str,
}

impl Theme {
    fn of(persona: &Persona) -> Theme {
        if persona.os.family.starts_with("windows") {
            let (back, hint) = ([0, 90, 158], "Press Enter to sign in");
            Theme { back, front: [255, 255, 255], panel: [0, 120, 215], bar: back, hint }
        } else {
            let (back, front, panel) = ([44, 44, 58], [238, 238, 236], [66, 66, 84]);
            Theme { back, front, panel, bar: [24, 24, 32], hint: "Log in" }
        }
    }

    /// A text in the middle of a line, as much of it as there is room for.
    fn centred(&self, width: u16, y: u16, scale: u16, text: &str) -> Shape {
        let room = usize::from(width) / (COLUMNS * usize::from(scale)).max(1);
        let text: String = text.chars().take(room).collect();
        let length = u16::try_from(text.chars().count() * COLUMNS).unwrap_or_default().saturating_mul(scale);
        Shape::Text { x: (width / 2).saturating_sub(length / 2), y, scale, colour: self.front, text }
    }
}

/// A screen.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pixels from left to right.
    pub width: u16,
    /// Pixels from top to bottom.
    pub height: u16,
    back: Colour,
    shapes: Vec<Shape>,
    /// Where what is typed is shown, and what is shown there.
    field: Area,
    dots: usize,
    told: String,
    glyphs: Vec<[u8; ROWS]>,
}

impl Picture {
    /// The login screen of a host: its name, its system, and a field for a password of its usual account.
    pub fn login(persona: &Persona, size: (u16, u16)) -> Picture {
        let account = persona.users.iter().find(|user| user.uid >= 1000).or(persona.users.first());
        Picture::login_of(persona, size, account.map_or("root", |user| &user.name))
    }

    /// As [`Picture::login`], for the account of this name.
    pub fn login_of(persona: &Persona, (width, height): (u16, u16), account: &str) -> Picture {
        let theme = Theme::of(persona);
        let (middle, line) = (width / 2, height / 2);
        let panel = Area {
            x: middle.saturating_sub(180),
            y: line.saturating_sub(130),
            width: width.min(360),
            height: height.min(260),
        };
        let field = Area {
            x: middle.saturating_sub(150),
            y: line.saturating_add(20),
            width: width.min(300),
            height: 28,
        };
        let above = |count: u16| line.saturating_sub(count);
        let shapes = vec![
            Shape::Fill(Area { x: 0, y: 0, width, height: 24 }, theme.bar),
            Shape::Fill(panel, theme.panel),
            theme.centred(width, above(110), 3, &persona.hostname.to_uppercase()),
            theme.centred(width, above(70), 2, &persona.os.pretty_name),
            theme.centred(width, above(20), 2, account),
            Shape::Fill(field, [255, 255, 255]),
            theme.centred(width, height.saturating_sub(30), 1, theme.hint),
        ];
        Picture { field, shapes, ..Picture::empty((width, height), theme.back) }
    }

    /// What a host shows to an account that is let in, while it makes its desktop.
    pub fn welcome(persona: &Persona, (width, height): (u16, u16), account: &str) -> Picture {
        let theme = Theme::of(persona);
        let line = height / 2;
        let shapes = vec![
            theme.centred(width, line.saturating_sub(50), 3, account),
            theme.centred(width, line, 2, "Welcome"),
        ];
        Picture { shapes, ..Picture::empty((width, height), theme.back) }
    }

    fn empty((width, height): (u16, u16), back: Colour) -> Picture {
        let field = Area { x: 0, y: 0, width: 0, height: 0 };
        let glyphs = FONT.lines().map(glyph).collect();
        Picture { width, height, back, shapes: Vec::new(), field, dots: 0, told: String::new(), glyphs }
    }

    /// As many characters are typed; where that shows.
    pub fn type_to(&mut self, count: usize) -> Area {
        self.dots = count.min(DOTS);
        self.told.clear();
        self.area()
    }

    /// The password was wrong; where that shows.
    pub fn refuse(&mut self) -> Area {
        self.dots = 0;
        "Sorry, that didn't work. Please try again.".clone_into(&mut self.told);
        self.area()
    }

    /// Where things change.
    fn area(&self) -> Area {
        Area { height: self.field.height + 30, ..self.field }
    }

    /// Pixels of the row `y` from `x` on.
    pub fn row(&self, y: u16, x: u16, width: u16) -> Vec<Colour> {
        let mut row = vec![self.back; usize::from(width)];
        for shape in &self.shapes {
            self.draw(shape, y, x, &mut row);
        }
        if self.field.height == 0 {
            return row;
        }
        let dots = "*".repeat(self.dots);
        let (field, scale) = (self.field, 2);
        let typed = Shape::Text { x: field.x + 6, y: field.y + 8, scale, colour: [32, 32, 32], text: dots };
        self.draw(&typed, y, x, &mut row);
        let told = Shape::Text {
            x: field.x,
            y: field.y + 40,
            scale: 1,
            colour: [255, 220, 90],
            text: self.told.clone(),
        };
        self.draw(&told, y, x, &mut row);
        row
    }

    fn draw(&self, shape: &Shape, y: u16, left: u16, row: &mut [Colour]) {
        match shape {
            Shape::Fill(area, colour) => {
                if (area.y..area.y.saturating_add(area.height)).contains(&y) {
                    let from = usize::from(area.x.saturating_sub(left));
                    let to =
                        usize::from((area.x.saturating_add(area.width)).saturating_sub(left)).min(row.len());
                    row.get_mut(from.min(to)..to).unwrap_or_default().fill(*colour);
                }
            }
            Shape::Text { x, y: top, scale, colour, text } => {
                let Some(line) = y.checked_sub(*top).map(|down| usize::from(down / (*scale).max(1))) else {
                    return;
                };
                if ROWS <= line {
                    return;
                }
                let mut at = *x;
                for letter in text.chars() {
                    let index =
                        u32::from(letter).checked_sub(FIRST).and_then(|index| usize::try_from(index).ok());
                    let bits = index.and_then(|index| self.glyphs.get(index)).and_then(|rows| rows.get(line));
                    for column in 0..5_u16 {
                        if bits.is_some_and(|bits| bits & (0x10 >> column) != 0) {
                            let from = at.saturating_add(column * scale);
                            for point in from..from.saturating_add(*scale) {
                                let place = point.checked_sub(left).map(usize::from);
                                if let Some(pixel) = place.and_then(|place| row.get_mut(place)) {
                                    *pixel = *colour;
                                }
                            }
                        }
                    }
                    at = at.saturating_add(6 * scale);
                }
            }
        }
    }
}

/// A glyph out of fourteen digits.
fn glyph(line: &str) -> [u8; ROWS] {
    let mut rows = [0; ROWS];
    let bytes = hex::decode(line.trim()).unwrap_or_default();
    rows.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::persona;

    #[test]
    fn a_screen_shows_the_name_of_its_host() {
        let persona = persona("x");
        let picture = Picture::login(&persona, (1024, 768));
        let lit = |picture: &Picture, from: u16, to: u16| {
            let rows = (from..to).map(|y| picture.row(y, 0, 1024));
            rows.flatten().filter(|colour| *colour == [238, 238, 236]).count()
        };
        assert!(300 < lit(&picture, 384 - 110, 384 - 110 + 21));
        let other = Picture::login(&Persona { hostname: "other".to_owned(), ..persona }, (1024, 768));
        assert_ne!(lit(&picture, 0, 768), lit(&other, 0, 768));
        assert_eq!(picture.row(300, 200, 10), picture.row(300, 0, 1024)[200..210]);
        assert_eq!(FONT.lines().count(), 95);
    }
}
