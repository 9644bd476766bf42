//! What a statement is run with.

use crate::{
    Fault, Value,
    ast::Name,
    evaluate,
    machine::{Engine, Machine},
    schema::Table,
    select,
    session::{Facts, Session},
    world::World,
};

/// A statement's session and world, with its parameters.
pub(crate) struct Work<'a> {
    pub session: &'a mut Session,
    pub world: &'a mut World,
    pub facts: &'a mut dyn Facts,
    pub parameters: &'a [Value],
}

impl Work<'_> {
    /// For its expressions and queries.
    pub(crate) fn machine(&mut self) -> Machine<'_> {
        Machine {
            session: self.session,
            world: self.world,
            facts: self.facts,
            parameters: self.parameters,
            clause: "field list",
            engine: Engine { value: evaluate::value, query: select::query },
        }
    }

    /// Database of a name, which must be there.
    pub(crate) fn database(&self, name: &Name) -> Result<String, Fault> {
        let database = name.0.clone().unwrap_or_else(|| self.session.database.clone());
        if database.is_empty() {
            return Err(Fault::NoDatabase);
        }
        if !self.world.databases.contains_key(&database) {
            return Err(Fault::UnknownDatabase(database));
        }
        Ok(database)
    }

    /// A table to be written.
    pub(crate) fn table(&mut self, name: &Name) -> Result<&mut Table, Fault> {
        let database = self.database(name)?;
        self.world.table_mut(&database, &name.1)
    }
}
