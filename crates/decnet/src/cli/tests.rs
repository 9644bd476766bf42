//! The command line is sound, and every worker has a verb.

use super::*;

#[test]
fn every_worker_has_a_verb_and_the_command_line_is_sound() {
    let command = command();
    command.clone().debug_assert();
    for worker in Worker::ALL {
        let verb = command.find_subcommand(worker.name()).expect("a verb of the worker");
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.contains("Options"), "{}: {about}", worker.name());
    }
}
