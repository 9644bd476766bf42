//! What the people of a domain can speak of: each other, their machines, what they work on, and logins that work.

use decnet_model::people::{Pool, Project, file_host, folder, projects};
use netsvc_persona::Persona;

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its name with the domain.
    pub fqdn: String,
}

/// A login that works on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The machine.
    pub machine: Machine,
    /// Login name.
    pub account: String,
    /// Password.
    pub password: String,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct World {
    /// The people.
    pub pool: Pool,
    /// The machines of their domain.
    pub machines: Vec<Machine>,
    /// Logins of people, none of an administrator.
    pub logins: Vec<Login>,
    /// What they work on.
    pub projects: Vec<Project>,
    /// Name of the machine that has the files of the projects.
    pub files: Option<String>,
    /// What draws come from.
    pub secret: Vec<u8>,
}

/// Systems that people have no reason to speak of.
const DEVICES: [&str; 4] = ["embedded", "cisco", "junos", "esxi"];

impl World {
    /// The world of `pool`, some of whose machines are `personas`. Passwords are those of accounts that were made up.
    pub fn new(secret: &[u8], pool: Pool, personas: &[Persona]) -> Self {
        let own = || personas.iter().filter(|persona| persona.domain == pool.domain);
        let machine = |persona: &Persona| Machine { name: persona.hostname.clone(), fqdn: persona.fqdn() };
        let spoken = |persona: &&Persona| !DEVICES.contains(&persona.os.family.as_str());
        let logins = own().filter(spoken).flat_map(|persona| {
            let people = persona.users.iter().filter(|user| user.uid != 0 && user.name != "Administrator");
            people.filter_map(move |user| {
                let password = user.password.clone()?.0;
                Some(Login { machine: machine(persona), account: user.name.clone(), password })
            })
        });
        World {
            machines: own().filter(spoken).map(machine).collect(),
            logins: logins.collect(),
            projects: projects(secret, &pool.domain),
            files: file_host(own()).map(|persona| persona.hostname.clone()),
            secret: secret.to_vec(),
            pool,
        }
    }

    /// Where the files of a project are, as people write it.
    pub(crate) fn share(&self, project: &Project) -> String {
        match &self.files {
            Some(host) => format!("{host}:{}", folder(project)),
            None => folder(project),
        }
    }
}
