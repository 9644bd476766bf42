//! What printers say of themselves: Printer-MIB (RFC 3805), and the objects of their vendors that drivers
//! read.

use super::tree::{Source, Tree, int, name, text};
use netsvc_persona::Persona;
use rand_core::RngCore;

const HOST: [u32; 7] = [1, 3, 6, 1, 2, 1, 25];
const PRINTER: [u32; 7] = [1, 3, 6, 1, 2, 1, 43];

/// A supply: what it is, its class and kind, what it holds at most, and per cent of that.
struct Supply {
    about: String,
    kind: i32,
    most: i32,
    left: i32,
}

/// Adds them.
pub(super) fn add(tree: &mut Tree, persona: &Persona, random: &mut impl RngCore) {
    let model = model(persona);
    let pages = 1500 + random.next_u32() % 60_000;
    let host = |rest: &[u32]| [&HOST[..], rest].concat();
    let printer = |rest: &[u32]| [&PRINTER[..], rest].concat();
    tree.scalar(&host(&[1, 1]), Source::SystemTime);
    tree.scalar(&host(&[2, 2]), int(persona.hardware.memory_kib));
    let device = vec![
        (1, int(1)),
        (2, name(&host(&[3, 1, 5]))),
        (3, text(&model)),
        (4, name(&[0, 0])),
        (5, int(2)),
        (6, Source::Count(0, 0)),
    ];
    tree.row(&host(&[3, 2, 1]), &[1], device);
    // Idle, and no error (hrPrinterDetectedErrorState).
    tree.row(&host(&[3, 5, 1]), &[1], vec![(1, int(3)), (2, text([0]))]);
    let general = vec![
        (1, Source::Count(3, 0)),
        (2, int(1)),
        (3, int(1)),
        (5, text("")),
        (6, text("")),
        (8, int(1)),
        (9, int(1)),
        (16, text(&persona.hostname)),
        (17, text(&persona.hardware.serial)),
    ];
    tree.row(&printer(&[5, 1, 1]), &[1], general);
    for (index, (about, most)) in (1..).zip([("Tray 1", 100), ("Tray 2", 250)]) {
        let tray = vec![
            (2, int(if index == 1 { 4 } else { 3 })),
            (9, int(most)),
            (10, int(if index == 1 { 0 } else { -3 })),
            (12, text("iso_a4_210x297mm")),
            (13, text(about)),
            (18, text(about)),
        ];
        tree.row(&printer(&[8, 2, 1]), &[1, index], tray);
    }
    marker(tree, persona, pages, random);
    let display = if persona.os.id == "hp_printer" { "Ready" } else { "Sleep" };
    tree.cell(&printer(&[16, 5, 1, 2]), &[1, 1], text(display));
    vendor(tree, persona, &model);
}

/// What prints: its pages and supplies.
fn marker(tree: &mut Tree, persona: &Persona, pages: u32, random: &mut impl RngCore) {
    let printer = |rest: &[u32]| [&PRINTER[..], rest].concat();
    // Pages that were ever printed, and since it was switched on.
    let rate = u64::from(random.next_u32() % 300 + 40);
    let marker = vec![
        (2, int(4)),
        (3, int(7)),
        (4, Source::Count(pages.into(), rate)),
        (5, Source::Count(0, rate)),
        (15, int(0)),
    ];
    tree.row(&printer(&[10, 2, 1]), &[1, 1], marker);
    for (index, supply) in (1..).zip(supplies(persona, random)) {
        let row = vec![
            (2, int(1)),
            (3, int(1)),
            (4, int(3)),
            (5, int(supply.kind)),
            (6, text(&supply.about)),
            (7, int(19)),
            (8, int(supply.most)),
            (9, int(supply.most * supply.left / 100)),
        ];
        tree.row(&printer(&[11, 1, 1]), &[1, index], row);
    }
}

fn model(persona: &Persona) -> String {
    let (vendor, product) = (&persona.hardware.vendor, &persona.hardware.product);
    format!("{vendor} {}", product.strip_prefix("HP ").unwrap_or(product))
}

fn supplies(persona: &Persona, random: &mut impl RngCore) -> Vec<Supply> {
    let mut left = || i32::try_from(random.next_u32() % 80 + 12).unwrap_or(50);
    if persona.os.id == "hp_printer" {
        let about = "Black Cartridge HP CF258A".to_owned();
        return vec![Supply { about, kind: 3, most: 100, left: left() }];
    }
    let colours = ["Black", "Cyan", "Magenta", "Yellow"];
    let toner = |colour: &&str| Supply {
        about: format!("{colour} Toner Cartridge"),
        kind: 3,
        most: 100,
        left: left(),
    };
    colours.iter().map(toner).collect()
}

/// The device's id of IEEE 1284 and its serial number, where the vendor's drivers look for them.
fn vendor(tree: &mut Tree, persona: &Persona, model: &str) {
    let serial = &persona.hardware.serial;
    if persona.os.id == "hp_printer" {
        let hp = |rest: &[u32]| [&[1, 3, 6, 1, 4, 1, 11, 2, 3, 9][..], rest].concat();
        let id = format!(
            "MFG:HP;MDL:{model};CMD:PJL,PML,PWG_RASTER,URP,PCLXL,PCL,PDF,POSTSCRIPT;CLS:PRINTER;DES:{model};"
        );
        tree.scalar(&hp(&[1, 1, 7]), text(id));
        tree.scalar(&hp(&[4, 2, 1, 1, 3, 2]), text(model));
        tree.scalar(&hp(&[4, 2, 1, 1, 3, 3]), text(serial));
        tree.scalar(&hp(&[4, 2, 1, 1, 3, 6]), text(&persona.os.version));
    } else {
        let brother = |rest: &[u32]| [&[1, 3, 6, 1, 4, 1, 2435, 2, 3, 9][..], rest].concat();
        let id = format!(
            "MFG:Brother;CMD:PJL,PCL,PCLXL;MDL:{};CLS:PRINTER;CID:Brother Laser Type1;",
            persona.hardware.product
        );
        tree.scalar(&brother(&[1, 1, 7]), text(id));
        tree.scalar(&brother(&[4, 2, 1, 5, 5, 1]), text(serial));
    }
}
