//! Turns, threads and waiting.

use super::*;

fn source(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

/// What is to begin for `source`.
fn begin(state: &mut State, source: IpAddr) {
    let job = Job { source, body: Box::new(|_| ()), cancelled: Arc::default() };
    state.enqueue(source, Ticket::Begin(job));
}

#[test]
fn sources_with_many_jobs_leave_threads_to_those_with_none() {
    let mut state = State::default();
    for number in 0..6 {
        state.begun.insert(source(number), PER_SOURCE);
    }
    state.threads = SHARED;
    begin(&mut state, source(0));
    state.begun.insert(source(6), 1);
    begin(&mut state, source(6));
    assert!(state.next().is_none(), "they have their share");
    begin(&mut state, source(7));
    assert!(matches!(state.next(), Some(Ticket::Begin(job)) if job.source == source(7)));
    state.threads = THREADS;
    begin(&mut state, source(8));
    assert!(state.next().is_none());
    state.resting = 1;
    assert!(matches!(state.next(), Some(Ticket::Begin(job)) if job.source == source(8)));
}

#[test]
fn a_job_without_a_thread_waits_for_the_end_of_another_one() {
    let mut state = State { threads: 1, running: 1, ..State::default() };
    state.begun.insert(source(1), 1);
    begin(&mut state, source(2));
    let Some(Ticket::Begin(job)) = state.next() else { panic!("there was none") };
    state.put_back(job);
    assert!(state.next().is_none(), "the system gave none");
    state.enqueue(source(1), Ticket::Resume(Arc::default()));
    assert!(matches!(state.next(), Some(Ticket::Resume(_))), "what has begun goes on");
    state.finished(source(1));
    assert!(matches!(state.next(), Some(Ticket::Begin(_))));
}

#[tokio::test]
async fn results_come_back_and_a_failure_is_told() {
    let workers = Workers::default();
    assert_eq!(workers.run(source(1), |_| 6 * 7).await, Ok(42));
    let failed = workers.run(source(1), |_| -> u8 { panic!("inside") }).await;
    assert_eq!(failed, Err(Failed));
    assert_eq!(workers.run(source(1), |_| 1).await, Ok(1));
}

#[tokio::test]
async fn who_waits_for_a_peer_leaves_the_turn_to_others_and_stops_when_nobody_waits_for_it() {
    let workers = Workers::default();
    let (sender, receiver) = std::sync::mpsc::channel::<u8>();
    let waits = workers.clone();
    let job = move |_: &Turn| aside(|| receiver.recv_timeout(Duration::from_millis(5)).ok());
    let waiting = tokio::spawn(async move { waits.run(source(1), job).await });
    // Of the same source: more than may work for it at a time would never end.
    for _ in 0..2 * PER_SOURCE {
        assert_eq!(workers.run(source(1), |turn| turn.go_on()).await, Ok(true));
    }
    sender.send(7).unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(Some(7)));
    let waits = workers.clone();
    let endless = tokio::spawn(async move {
        let nothing = || {
            std::thread::sleep(Duration::from_millis(5));
            None::<u8>
        };
        waits.run(source(1), move |_| aside(nothing)).await
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    endless.abort();
    let over = || {
        let state = workers.shared.state.lock();
        state.begun.is_empty() && state.aside.is_empty() && state.running == 0
    };
    while !over() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn endless_jobs_of_one_source_leave_turns_for_another_and_end_when_nobody_waits() {
    let workers = Workers::default();
    let ended = Arc::new(AtomicBool::new(false));
    let mut endless = Vec::new();
    for _ in 0..20 {
        let (workers, ended) = (workers.clone(), ended.clone());
        endless.push(tokio::spawn(async move {
            let job = move |turn: &Turn| {
                while turn.go_on() {}
                ended.store(true, Ordering::Relaxed);
            };
            workers.run(source(1), job).await
        }));
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    for _ in 0..20 {
        assert_eq!(workers.run(source(2), |turn| turn.go_on()).await, Ok(true));
    }
    for job in &endless {
        job.abort();
    }
    let all_over = || ended.load(Ordering::Relaxed) && workers.shared.state.lock().begun.is_empty();
    while !all_over() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
