//! Prints the document of the interface, which is kept beside this crate (`xtask gen` writes it).

#![expect(clippy::print_stdout, reason = "it is what this is for")]

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&decnet_web::document())?);
    Ok(())
}
