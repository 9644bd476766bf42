//! The runtime of workers, and the pipeline as it runs.

use crate::{
    collect::{Site, settings},
    ingest::{rows, store},
};
use decnet_bus::{Bus, Rights};
use decnet_model::{
    record::{Filter, Page},
    worker::Worker,
};
use decnet_pipeline::{
    collector, correlator, ingester,
    runtime::{Backoff, Body, Host, LockError, RunError, WorkerLock, body, run_alone, supervise},
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

fn quick() -> Backoff {
    Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5), grace: Duration::from_secs(5) }
}

async fn wait_for<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_in_a_spool_becomes_an_attacker_through_all_workers() {
    let site = Site::new();
    std::fs::create_dir_all(site.paths.run()).unwrap();
    let store = store(&site.paths).await;
    let bus = Bus::unix(site.paths.bus_socket(), "test");
    let host = Host { paths: site.paths.clone(), bus };
    let (first, second) = (store.clone(), store.clone());
    let workers: Vec<(Worker, Body)> = vec![
        (
            Worker::Bus,
            body(|context| async move {
                decnet_bus::serve(&context.paths.bus_socket(), Rights::own(), context.stop).await
            }),
        ),
        (Worker::Collector, body(|context| collector::run(context, settings()))),
        (
            Worker::Ingester,
            body(move |context| ingester::run(context, first.clone(), ingester::Keep::default())),
        ),
        (Worker::Correlator, body(move |context| correlator::run(context, second.clone()))),
    ];
    let stop = watch::Sender::new(false);
    let running = tokio::spawn(supervise(host, workers, quick(), stop.subscribe()));
    let mut process = site.process("serve", 1);
    process.write(3);
    wait_for("the attacker is there", || async {
        let attackers = store.attacker_list(&Filter::default(), Page::newest(10)).await.unwrap();
        attackers.first().is_some_and(|attacker| attacker.counts.events == 3)
    })
    .await;
    // What is written just before the end is not left behind.
    process.write(500);
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(rows(&store).await[&1].len(), 503);
    let attackers = store.attacker_list(&Filter::default(), Page::newest(10)).await.unwrap();
    assert_eq!(attackers[0].counts.events, 503);
    assert!(!site.paths.bus_socket().exists());
}

#[tokio::test]
async fn a_worker_that_fails_or_panics_starts_again_and_the_others_go_on() {
    let site = Site::new();
    let host = Host { paths: site.paths.clone(), bus: Bus::local() };
    let (errors, panics, steady) =
        (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counting = |counter: &Arc<AtomicU64>, outcome: fn()| {
        let counter = counter.clone();
        body(move |mut context| {
            let starts = counter.fetch_add(1, Ordering::Relaxed);
            async move {
                outcome();
                if starts < 3 {
                    return Err(std::io::Error::other("again"));
                }
                context.stopped().await;
                Ok(())
            }
        })
    };
    let always = steady.clone();
    let workers = vec![
        (Worker::Fleet, counting(&errors, || {})),
        (Worker::Api, counting(&panics, || panic!("on purpose"))),
        (
            Worker::Correlator,
            body(move |mut context| {
                always.fetch_add(1, Ordering::Relaxed);
                async move {
                    context.stopped().await;
                    Ok::<(), std::io::Error>(())
                }
            }),
        ),
    ];
    let stop = watch::Sender::new(false);
    let running = tokio::spawn(supervise(host, workers, quick(), stop.subscribe()));
    wait_for("both came back", || async {
        3 < errors.load(Ordering::Relaxed) && 5 < panics.load(Ordering::Relaxed)
    })
    .await;
    assert_eq!(steady.load(Ordering::Relaxed), 1);
    stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn one_copy_runs_and_a_second_refuses() {
    let site = Site::new();
    let host = Host { paths: site.paths.clone(), bus: Bus::off() };
    let lock = WorkerLock::take(&site.paths, Worker::Collector).unwrap();
    let stop = watch::Sender::new(false);
    let idle = body(|_| async { Ok::<(), std::io::Error>(()) });
    let refused = run_alone(&host, Worker::Collector, &idle, stop.subscribe()).await;
    assert!(matches!(refused, Err(RunError::Lock(LockError::Taken { worker: "collector" }))));
    drop(lock);
    run_alone(&host, Worker::Collector, &idle, stop.subscribe()).await.unwrap();
}

#[tokio::test]
async fn a_worker_has_a_heartbeat_and_ends_when_asked_over_the_bus() {
    let site = Site::new();
    let bus = Bus::local();
    let mut health = bus.subscribe("system.*.health".parse().unwrap());
    let host = Host { paths: site.paths.clone(), bus: bus.clone() };
    let stop = watch::Sender::new(false);
    let stopped = stop.subscribe();
    let running = tokio::spawn(async move {
        let body = body(|mut context| async move {
            context.status.report(&json!({ "lines": 7 }));
            context.stopped().await;
            Ok::<(), std::io::Error>(())
        });
        run_alone(&host, Worker::Collector, &body, stopped).await
    });
    let message = health.next().await.unwrap();
    assert_eq!(message.topic.as_str(), "system.collector.health");
    assert_eq!(message.payload["worker"], "collector");
    assert!(message.payload["extra"]["status"]["good"].as_bool().unwrap());
    bus.publish(&"system.collector.control".parse().unwrap(), &json!({ "action": "start" }));
    bus.publish(&"system.collector.control".parse().unwrap(), &json!({ "action": "stop" }));
    tokio::time::timeout(Duration::from_secs(10), running).await.unwrap().unwrap().unwrap();
}

#[test]
fn workers_wake_by_what_somebody_says() {
    for worker in Worker::ALL {
        for pattern in worker.spec().wake.topics {
            let pattern = pattern.parse().unwrap();
            assert!(decnet_bus::Subject::any_of(&pattern), "{}: {pattern}", worker.name());
        }
    }
}
