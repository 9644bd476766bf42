//! What people and departments of an organisation are called.

/// People whom everybody in the organisation writes with: first name and surname.
pub const COLLEAGUES: [(&str, &str); 12] = [
    ("Laura", "Stein"),
    ("Marc", "Duval"),
    ("Ivana", "Novak"),
    ("Peter", "Lindholm"),
    ("Sandra", "Keller"),
    ("Tom", "Brennan"),
    ("Elena", "Rossi"),
    ("David", "Okafor"),
    ("Katrin", "Vogel"),
    ("James", "Whitfield"),
    ("Nadia", "Haddad"),
    ("Oliver", "Jensen"),
];

/// Given names of further people.
pub const GIVEN: &[&str] = &[
    "Adam",
    "Alice",
    "Andrea",
    "Anton",
    "Beata",
    "Carlos",
    "Chiara",
    "Christine",
    "Dario",
    "Emma",
    "Erik",
    "Fatima",
    "Frank",
    "Gabriel",
    "Helen",
    "Ines",
    "Jakub",
    "Jana",
    "Julia",
    "Kevin",
    "Klaus",
    "Lea",
    "Lucas",
    "Magda",
    "Martin",
    "Mia",
    "Monika",
    "Nicole",
    "Omar",
    "Patrick",
    "Paula",
    "Ralf",
    "Robert",
    "Sarah",
    "Simon",
    "Sofia",
    "Stefanie",
    "Thomas",
    "Ursula",
    "Viktor",
    "Wendy",
    "Yusuf",
];

/// Family names of further people.
pub const FAMILY: &[&str] = &[
    "Adams", "Albrecht", "Almeida", "Baker", "Bergmann", "Bianchi", "Carter", "Costa", "Dietrich", "Egger",
    "Evans", "Fischer", "Fontaine", "Garcia", "Graf", "Hansen", "Hoffmann", "Horvath", "Ivanov", "Jansen",
    "Kaiser", "Kowalski", "Kruse", "Lambert", "Larsen", "Lopez", "Marino", "Meyer", "Moreau", "Nagy",
    "Nilsson", "Ortega", "Pavlov", "Petit", "Pohl", "Reed", "Ricci", "Sauer", "Schulz", "Silva", "Svoboda",
    "Turner", "Ulrich", "Varga", "Wagner", "Walsh", "Wright", "Zimmer",
];

/// A department.
#[derive(Clone, Copy, Debug)]
pub struct Department {
    /// Its name.
    pub name: &'static str,
    /// Titles of its people, the head's first.
    pub titles: &'static [&'static str],
    /// How many of a hundred people work there.
    pub share: u32,
}

/// The departments of an organisation.
pub const DEPARTMENTS: &[Department] = &[
    Department {
        name: "IT",
        titles: &["Head of IT", "System Administrator", "IT Support Engineer", "Network Engineer"],
        share: 14,
    },
    Department {
        name: "Finance",
        titles: &["Head of Finance", "Accountant", "Controller", "Payroll Specialist"],
        share: 16,
    },
    Department { name: "HR", titles: &["Head of HR", "HR Business Partner", "Recruiter"], share: 10 },
    Department {
        name: "Sales",
        titles: &["Head of Sales", "Account Manager", "Sales Representative", "Inside Sales"],
        share: 28,
    },
    Department {
        name: "Production",
        titles: &["Plant Manager", "Production Planner", "Quality Engineer", "Shift Supervisor"],
        share: 22,
    },
    Department { name: "Management", titles: &["Managing Director", "Executive Assistant"], share: 10 },
];
