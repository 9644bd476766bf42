//! Functions that a program brings: their parameters are texts of their own, or lists of whoever calls.

use super::{
    leave::Leave,
    run::Machine,
    state::Place,
    tree::{Expression, Function},
    value::Value,
};
use std::collections::BTreeMap;

impl Machine<'_> {
    /// Where the text of `name` is kept.
    pub(super) fn scalar<'n>(&'n self, name: &'n str) -> &'n str {
        self.frame.get(name).map_or(name, |place| &place.scalar)
    }

    /// Where the list of `name` is kept.
    pub(super) fn list_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.frame.get(name).map_or(name, |place| &place.list)
    }

    /// The list called `name`.
    pub(super) fn list(&self, name: &str) -> Option<&BTreeMap<String, Value>> {
        self.arrays.get(self.list_name(name))
    }

    /// Calls `function` with what stands in the brackets.
    pub(super) fn user(&mut self, function: &Function, arguments: &[Expression]) -> Result<Value, Leave> {
        self.calls += 1;
        self.shell.spend(1)?;
        let mut frame = BTreeMap::new();
        let mut own = Vec::new();
        for (number, parameter) in function.parameters.iter().enumerate() {
            // No name of a program holds such a character.
            let fresh = format!("{parameter}\u{1}{}", self.calls);
            let mut place = Place { scalar: fresh.clone(), list: fresh };
            match arguments.get(number) {
                Some(Expression::Variable(name)) if !self.variables.contains_key(self.scalar(name)) => {
                    self.list_name(name).clone_into(&mut place.list);
                }
                Some(argument) => {
                    let value = self.value(argument)?;
                    self.hold(0, value.length())?;
                    self.variables.insert(place.scalar.clone(), value);
                }
                None => {}
            }
            own.push(place.scalar.clone());
            frame.insert(parameter.clone(), place);
        }
        let outer = std::mem::replace(&mut self.frame, frame);
        let result = self.block(&function.body);
        self.frame = outer;
        for name in own {
            let bytes = self.variables.remove(&name).map_or(0, |value| value.length());
            self.hold(bytes, 0)?;
            self.clear(&name);
        }
        match result {
            Err(Leave::Return(value)) => Ok(value),
            Ok(()) => Ok(Value::Input(String::new())),
            Err(other) => Err(other),
        }
    }
}
