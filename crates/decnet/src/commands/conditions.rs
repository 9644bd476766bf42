//! The conditions of lists as flags: made from the table that the interface reads too.

use super::Context;
use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use decnet_model::record::Filter;
use decnet_shape::condition::{self, Condition, Noun, Wrong};
use decnet_store::Store;
use std::{fmt, marker::PhantomData};

/// A list that has conditions.
pub trait Listed: fmt::Debug {
    /// Which one.
    const NOUN: Noun;
}

macro_rules! listed {
    ($($name:ident),+) => {
        $(
            #[doc = concat!("The list of ", stringify!($name), ".")]
            #[derive(Debug)]
            pub struct $name;

            impl Listed for $name {
                const NOUN: Noun = Noun::$name;
            }
        )+
    };
}

listed!(Events, Sessions, Credentials, Sightings, Attackers, Incidents, Mutations);

/// Conditions that were given for a list; all of them must hold.
#[derive(Debug)]
pub struct Conditions<N> {
    given: Vec<(Condition, String)>,
    list: PhantomData<N>,
}

/// Conditions that cannot be met because they name what does not exist, or are no values at all.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct BadConditions(pub Vec<Wrong>);

fn lines(wrong: &[Wrong]) -> String {
    let line = |wrong: &Wrong| format!("error: --{}: {}", wrong.condition.spec().flag, wrong.message);
    wrong.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl<N: Listed> Conditions<N> {
    /// The filter meant; asks the store which names there are.
    ///
    /// # Errors
    /// [`BadConditions`], or when the store cannot be read.
    pub async fn filter(&self, store: &Store, context: &Context) -> Result<Filter> {
        let session = self.given.iter().find(|(condition, _)| *condition == Condition::Session);
        let known = store.known(session.map(|(_, id)| id.as_str())).await.context("read names")?;
        Ok(condition::filter(&self.given, &known, context.now()).map_err(BadConditions)?)
    }
}

impl<N: Listed> Args for Conditions<N> {
    fn augment_args(command: Command) -> Command {
        N::NOUN.conditions().iter().fold(command, |command, condition| command.arg(arg(*condition)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn arg(condition: Condition) -> Arg {
    let spec = condition.spec();
    let arg = Arg::new(spec.flag).long(spec.flag).help(spec.about).help_heading("Conditions");
    match spec.value {
        Some(name) => arg.value_name(name).action(ArgAction::Set),
        None => arg.action(ArgAction::SetTrue),
    }
}

impl<N: Listed> FromArgMatches for Conditions<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |condition: Condition| {
            let spec = condition.spec();
            match spec.value {
                Some(_) => matches.get_one::<String>(spec.flag).cloned(),
                None => matches.get_flag(spec.flag).then(|| "true".to_owned()),
            }
        };
        let given =
            N::NOUN.conditions().iter().filter_map(|condition| Some((*condition, value(*condition)?)));
        Ok(Conditions { given: given.collect(), list: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given<N: Listed>(arguments: &[&str]) -> Result<Vec<(Condition, String)>, clap::Error> {
        let command = Conditions::<N>::augment_args(Command::new("list").no_binary_name(true));
        Ok(Conditions::<N>::from_arg_matches(&command.try_get_matches_from(arguments)?)?.given)
    }

    #[test]
    fn a_list_takes_the_conditions_that_it_applies_and_refuses_the_others() {
        let found = given::<Sessions>(&["--recorded", "--decky", "web-01"]).unwrap();
        assert_eq!(
            found,
            [(Condition::Decky, "web-01".to_owned()), (Condition::Recorded, "true".to_owned())]
        );
        for arguments in [["--kind", "command"], ["--session", "aa"], ["--text", "x"], ["--class", "scan"]] {
            assert!(given::<Credentials>(&arguments).is_err(), "{arguments:?}");
            assert!(given::<Events>(&arguments).is_ok(), "{arguments:?}");
        }
        assert!(given::<Sessions>(&["--kind", "command"]).is_err());
        assert!(given::<Sightings>(&["--kind", "command"]).is_err());
        assert!(given::<Attackers>(&["--decky", "web-01"]).is_err());
    }
}
