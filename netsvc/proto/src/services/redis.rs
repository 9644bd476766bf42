//! placeholder
use netsvc_kit::{Def, Host, Input, Link, Machine, Out, Port, Serve};
use std::sync::Arc;

/// The service.
pub static SERVICE: Def = Def {
    slug: "redis",
    about: "Redis key-value store",
    ports: &[Port::tcp(6379)],
    settings: &[],
    idle: Def::IDLE,
    total: Def::TOTAL,
    serve: Serve::Machine(open),
};

fn open(_host: &Arc<Host>, _link: &Link) -> Box<dyn Machine> {
    Box::new(Redis)
}

struct Redis;

impl Machine for Redis {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(_) = input {
            out.send(b"+PONG\r\n");
        }
    }
}
