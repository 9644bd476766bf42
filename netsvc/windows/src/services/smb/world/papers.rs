//! What people keep in folders that they share, in German and in English.

use netsvc_persona::{Persona, subkey};

/// A file: its name and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Paper {
    pub(super) german: (&'static str, &'static str),
    pub(super) english: (&'static str, &'static str),
}

/// A folder: its name and what is said of it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) german: (&'static str, &'static str),
    pub(super) english: (&'static str, &'static str),
    pub(super) papers: &'static [Paper],
}

const fn paper(german: (&'static str, &'static str), english: (&'static str, &'static str)) -> Paper {
    Paper { german, english }
}

/// Folders that may be shared.
pub(super) const FOLDERS: &[Folder] = &[
    Folder {
        german: ("Buchhaltung", "Rechnungswesen"),
        english: ("Accounting", "Accounts department"),
        papers: &[
            paper(
                (
                    "Mahnlauf.csv",
                    "Kunde;Rechnung;Betrag;faellig;Stufe\nK10233;RE-4471;1.284,90;12.03.;1\n\
                    K10318;RE-4480;312,00;19.03.;1\nK10102;RE-4395;9.870,15;02.02.;3\n",
                ),
                (
                    "overdue.csv",
                    "customer,invoice,amount,due,reminder\nC10233,INV-4471,1284.90,12 Mar,1\n\
                    C10318,INV-4480,312.00,19 Mar,1\nC10102,INV-4395,9870.15,02 Feb,3\n",
                ),
            ),
            paper(
                (
                    "Bank/Zugang Onlinebanking.txt",
                    "Onlinebanking Geschaeftskonto\nKennung: {user}\nPIN: {word}\nTAN kommt auf das Handy \
                    von {full}.\n",
                ),
                (
                    "Bank/online access.txt",
                    "Business account, online access\nuser: {user}\npin: {word}\nTAN goes to the phone of \
                    {full}\n",
                ),
            ),
            paper(
                (
                    "Lohn/Lohnliste.csv",
                    "Personalnr;Name;Brutto\n1001;{full};4.350,00\n1007;Aushilfe Lager;1.620,00\n\
                    1012;Auszubildender;1.018,00\n",
                ),
                (
                    "Payroll/payroll.csv",
                    "no,name,gross\n1001,{full},4350.00\n1007,temp warehouse,1620.00\n\
                    1012,apprentice,1018.00\n",
                ),
            ),
        ],
    },
    Folder {
        german: ("Projekte", ""),
        english: ("Projects", ""),
        papers: &[
            paper(
                (
                    "Umzug Rechenzentrum/Ablauf.txt",
                    "1. VMs auf esx02 verschieben\n2. DNS umstellen ({domain})\n3. alten Server {host} \
                    abschalten\n4. Datensicherung pruefen ({user})\n",
                ),
                (
                    "Data centre move/plan.txt",
                    "1. move VMs to esx02\n2. switch DNS ({domain})\n3. retire {host}\n4. check backups \
                    ({user})\n",
                ),
            ),
            paper(
                (
                    "Intranet/web.config",
                    "<configuration>\n  <connectionStrings>\n    <add name=\"Intranet\" \
                    connectionString=\"Server=sql01.{domain};Database=Intranet;User \
                    Id=intranet;Password={word}\" />\n  </connectionStrings>\n</configuration>\n",
                ),
                (
                    "Intranet/web.config",
                    "<configuration>\n  <connectionStrings>\n    <add name=\"Intranet\" \
                    connectionString=\"Server=sql01.{domain};Database=Intranet;User \
                    Id=intranet;Password={word}\" />\n  </connectionStrings>\n</configuration>\n",
                ),
            ),
        ],
    },
    Folder {
        german: ("EDV", "nur fuer Administratoren"),
        english: ("IT", "IT department"),
        papers: &[
            paper(
                (
                    "Zugaenge.txt",
                    "Stand wird nicht gepflegt, bitte in den Tresor uebernehmen ({user})\n\nSwitch EG      \
                    admin / {word}\nDrucker OG     admin / 0000\nsqlbackup      {netbios}\\svc_backup\n\
                    Firewall       https://fw01.{domain}:4444\n",
                ),
                (
                    "logins.txt",
                    "not maintained, please move to the vault ({user})\n\nswitch ground floor   admin / \
                    {word}\nprinter upstairs      admin / 0000\nsqlbackup             \
                    {netbios}\\svc_backup\nfirewall              https://fw01.{domain}:4444\n",
                ),
            ),
            paper(
                (
                    "Skripte/Sicherung.cmd",
                    "@echo off\nnet use B: \\\\nas01.{domain}\\backup /user:svc_backup {word}\nrobocopy \
                    C:\\Freigaben B:\\%COMPUTERNAME% /MIR /R:1 /W:1 /LOG:C:\\Windows\\Temp\\sicherung.log\n\
                    net use B: /delete\n",
                ),
                (
                    "scripts/backup.cmd",
                    "@echo off\nnet use B: \\\\nas01.{domain}\\backup /user:svc_backup {word}\nrobocopy \
                    C:\\Shares B:\\%COMPUTERNAME% /MIR /R:1 /W:1 /LOG:C:\\Windows\\Temp\\backup.log\nnet \
                    use B: /delete\n",
                ),
            ),
            paper(
                (
                    "Fernwartung/sql01.rdp",
                    "screen mode id:i:2\nfull address:s:sql01.{domain}\nusername:s:{netbios}\\{admin}\n\
                    prompt for credentials:i:1\n",
                ),
                (
                    "remote/sql01.rdp",
                    "screen mode id:i:2\nfull address:s:sql01.{domain}\nusername:s:{netbios}\\{admin}\n\
                    prompt for credentials:i:1\n",
                ),
            ),
        ],
    },
    Folder {
        german: ("Scans", "Scan-to-Folder"),
        english: ("Scans", "scan to folder"),
        papers: &[paper(
            (
                "liesmich.txt",
                "Der Drucker legt hier ab. Dateien aelter als 30 Tage werden geloescht. Fragen: \
                {user}@{domain}\n",
            ),
            (
                "readme.txt",
                "The printer puts scans here. Files older than 30 days are deleted. Questions: \
                {user}@{domain}\n",
            ),
        )],
    },
    Folder {
        german: ("Austausch", "Ablage fuer alle"),
        english: ("Exchange", "everybody's drop"),
        papers: &[
            paper(
                (
                    "Telefonliste.csv",
                    "Name;Durchwahl;Mail\nZentrale;0;info@{domain}\n{full};23;{user}@{domain}\n\
                    Lager;31;lager@{domain}\n",
                ),
                (
                    "phone list.csv",
                    "name,ext,mail\nswitchboard,0,info@{domain}\n{full},23,{user}@{domain}\n\
                    warehouse,31,warehouse@{domain}\n",
                ),
            ),
            paper(
                ("Urlaub/Urlaubsplan.csv", "Name;von;bis;Vertretung\n{full};04.08.;22.08.;Lager\n"),
                ("Holidays/plan.csv", "name,from,to,deputy\n{full},4 Aug,22 Aug,warehouse\n"),
            ),
        ],
    },
    Folder {
        german: ("Personal", "Personalabteilung"),
        english: ("HR", "Human resources"),
        papers: &[
            paper(
                (
                    "Bewerbungen/Absagen.rtf",
                    "{\\rtf1\\ansi Sehr geehrte Damen und Herren,\\par wir danken fuer Ihr Interesse.\\par \
                    {full}}\n",
                ),
                (
                    "Applications/rejection.rtf",
                    "{\\rtf1\\ansi Dear applicant,\\par thank you for your interest.\\par {full}}\n",
                ),
            ),
            paper(
                (
                    "Mitarbeiter.csv",
                    "Nr;Name;Eintritt;Login\n1001;{full};01.04.2017;{user}\n1007;Aushilfe;15.02.2023;lager\n",
                ),
                (
                    "staff.csv",
                    "no,name,since,login\n1001,{full},2017-04-01,{user}\n1007,temp,2023-02-15,warehouse\n",
                ),
            ),
        ],
    },
    Folder {
        german: ("Software", "Installationsdateien"),
        english: ("Software", "installers"),
        papers: &[paper(
            ("Lizenzen.txt", "ERP  Lizenznummer {word}-DE\nBackup Agent  5 Server\n"),
            ("licences.txt", "ERP  licence {word}-EN\nbackup agent  5 servers\n"),
        )],
    },
    Folder {
        german: ("Vertrieb", ""),
        english: ("Sales", ""),
        papers: &[
            paper(
                (
                    "Preisliste.csv",
                    "Artikel;Text;EK;VK\nA-100;Montagesatz;41,20;69,90\nA-110;Montagesatz XL;58,00;98,50\n\
                    S-200;Service je Stunde;;112,00\n",
                ),
                (
                    "price list.csv",
                    "item,text,cost,price\nA-100,mounting kit,41.20,69.90\nA-110,mounting kit \
                    XL,58.00,98.50\nS-200,service per hour,,112.00\n",
                ),
            ),
            paper(
                (
                    "Kunden/Kundenstamm.csv",
                    "Nr;Firma;Ort;Umsatz\nK10102;Bauer Metallbau;Kassel;48.120\nK10233;Hotel am \
                    Markt;Goslar;7.410\nK10318;Praxis Dr. Lenz;Peine;1.980\n",
                ),
                (
                    "customers/master.csv",
                    "no,company,town,turnover\nC10102,Bauer Metal,Leeds,48120\nC10233,Market \
                    Hotel,York,7410\nC10318,Dr Lenz,Ripon,1980\n",
                ),
            ),
        ],
    },
];

/// `template` with what is the node's own.
pub(super) fn filled(persona: &Persona, template: &str) -> String {
    let admin = persona.users.first().map_or("Administrator", |user| user.name.as_str());
    let user = persona.users.get(1).or(persona.users.first());
    let (name, full) =
        user.map_or(("office", "Office"), |user| (user.name.as_str(), user.full_name.as_str()));
    let key = persona.subkey.hex_bytes().unwrap_or_default();
    let drawn = hex::encode(subkey::bytes(&key, &["smb", "word in a file"]));
    let word = drawn.get(..10).unwrap_or_default();
    let netbios = persona.domain.split('.').next().unwrap_or_default().to_uppercase();
    let share = super::shared(persona).first().map_or("C$".to_owned(), |share| share.name.clone());
    [
        ("{admin}", admin),
        ("{user}", name),
        ("{full}", full),
        ("{word}", word),
        ("{netbios}", &netbios),
        ("{domain}", &persona.domain),
        ("{host}", &persona.hostname.to_uppercase()),
        ("{share}", &share),
        ("{{", "{"),
        ("}}", "}"),
    ]
    .iter()
    .fold(template.to_owned(), |text, (place, value)| text.replace(place, value))
}
