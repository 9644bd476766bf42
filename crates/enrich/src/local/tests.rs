//! A folder with made-up files of every kind.

use super::{mmdb::tests::Field, *};

fn put(folder: &Path, name: &str, text: &[u8]) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn shown(library: &Library, address: &str) -> String {
    let origin = library.origin(address.parse().unwrap());
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {} {} {}",
        word(&origin.country),
        origin.asn.map_or_else(|| "-".to_owned(), |asn| asn.to_string()),
        word(&origin.as_name),
        word(&origin.network),
        origin.rpki.map_or("-", Rpki::name)
    )
}

#[test]
fn files_of_all_kinds_are_read_side_by_side_and_the_better_one_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let look = || Folder::look(folder.path()).unwrap();
    assert_eq!(look().edition(), "");
    let library = Library::read(&look());
    assert_eq!((shown(&library, "1.1.1.1"), library.files().len()), ("- - - - -".to_owned(), 0));

    put(
        folder.path(),
        "delegated-apnic-extended-latest",
        b"apnic|AU|ipv4|1.1.0.0|65536|20110811|allocated|x\n",
    );
    put(folder.path(), "notes.md", b"these are ours");
    put(folder.path(), "strange.xyz", b"x");
    let library = Library::read(&look());
    assert_eq!(shown(&library, "1.1.1.1"), "AU - - 1.1.0.0/16 -");
    let problems: Vec<_> = library.files().iter().map(|file| file.problem.is_empty()).collect();
    assert_eq!(problems, [true, false]);

    put(folder.path(), "ip2asn-v4.tsv", b"1.1.1.0\t1.1.1.255\t13335\tUS\tCLOUDFLARENET\nbad\n");
    let one = look().edition();
    let library = Library::read(&look());
    assert_eq!(shown(&library, "1.1.1.1"), "US 13335 CLOUDFLARENET 1.1.1.0/24 -");
    assert_eq!(shown(&library, "1.1.2.1"), "AU - - 1.1.0.0/16 -");
    let file = &library.files()[1];
    assert_eq!((file.form.as_str(), file.rows, file.malformed), ("ip2asn", 1, 1));

    put(folder.path(), "vrps.csv", b"ASN,IP Prefix,Max Length,Trust Anchor\nAS13335,1.1.1.0/24,24,apnic\n");
    put(folder.path(), "ipblocklist.json", br#"[{"ip_address": "1.1.1.1", "malware": "QakBot"}]"#);
    let library = Library::read(&look());
    assert_ne!(look().edition(), one);
    assert_eq!(shown(&library, "1.1.1.1"), "US 13335 CLOUDFLARENET 1.1.1.0/24 valid");
    assert_eq!(library.listed("::ffff:1.1.1.1".parse().unwrap()), Some("QakBot"));
    assert_eq!(library.listed("1.1.1.2".parse().unwrap()), None);

    let record = [("country_code", Field::Text("NZ")), ("asn", Field::Text("AS64500"))];
    put(folder.path(), "one.mmdb", &mmdb::tests::made("1.1.1.0/24", &record));
    let library = Library::read(&look());
    assert_eq!(shown(&library, "1.1.1.1"), "NZ 64500 - 1.1.1.0/24 invalid");
    assert_eq!(shown(&library, "10.0.0.1"), "- - - - -");
}

#[test]
fn an_address_of_special_purpose_is_looked_up_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.tsv", b"0.0.0.0\t255.255.255.255\t64496\tDE\tEVERYTHING\n");
    let library = Library::read(&Folder::look(folder.path()).unwrap());
    assert_eq!(shown(&library, "192.168.1.1"), "- - - - -");
    assert_eq!(shown(&library, "9.9.9.9"), "DE 64496 EVERYTHING 0.0.0.0/0 -");
}

#[test]
fn countries_are_two_letters() {
    for (text, expected) in
        [("DE", Some("DE")), ("de", Some("DE")), ("ZZ", None), ("", None), ("DEU", None), ("D1", None)]
    {
        assert_eq!(country(text).map(|country| country.to_string()).as_deref(), expected, "{text}");
    }
}
