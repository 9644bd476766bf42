//! What every backend must do. SQLite always; MySQL or MariaDB where `DECNET_TEST_MYSQL_URL` names a
//! server whose user may make databases (`e2e/mariadb.sh start DIR` prints one).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail at once"
)]

mod backend;
mod care;
mod correlate;
mod enrichment;
mod fleet;
mod incidents;
mod ingest;
mod lines;
mod open;
mod operations;
mod people;
mod read;
mod retire;
mod swarm;
mod topologies;
mod users;
mod views;
