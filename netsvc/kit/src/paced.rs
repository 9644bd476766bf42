//! A connection's task that cannot keep the others waiting: as long as its source takes no more of the processor than
//! its share, it runs where all do; beyond it, each of its turns is a job of [`Workers`].

use crate::{budget::Account, work::Guard, work::Workers};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};
use tokio::{runtime::Handle, sync::oneshot};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
type Polled = std::thread::Result<Poll<()>>;

/// The task of a connection; resolves to whether it ended without a panic.
pub(crate) struct Paced {
    account: Account,
    workers: Workers,
    state: State,
}

enum State {
    Here(Task),
    /// A worker has it, and will send it back with what became of the turn.
    There(oneshot::Receiver<(Task, Polled)>, Arc<Flag>, Guard),
    Over,
}

/// Remembers a wake-up that comes while a worker has the task.
struct Flag {
    woken: AtomicBool,
    task: Waker,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl Paced {
    pub(crate) fn new(
        account: Account,
        workers: Workers,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let task: Task = Box::pin(account.clone().within(task));
        Paced { account, workers, state: State::Here(task) }
    }

    fn send_away(&self, mut task: Task, context: &Context<'_>) -> State {
        let (sender, receiver) = oneshot::channel();
        let flag = Arc::new(Flag { woken: AtomicBool::new(false), task: context.waker().clone() });
        let (waker, account, runtime) = (Waker::from(flag.clone()), self.account.clone(), Handle::current());
        let source = self.account.source().unwrap_or([0, 0, 0, 0].into());
        let guard = self.workers.start(source, move |_| {
            let _inside = runtime.enter();
            let polled = turn(&account, &mut task, &mut Context::from_waker(&waker));
            // The connection may have been ended in the meantime.
            let _ = sender.send((task, polled));
        });
        State::There(receiver, flag, guard)
    }
}

/// One turn of `task`, charged to `account`.
fn turn(account: &Account, task: &mut Task, context: &mut Context<'_>) -> Polled {
    let begun = Instant::now();
    let polled = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context)));
    account.spent(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
    polled
}

impl Future for Paced {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let this = self.get_mut();
        loop {
            let (task, polled, again) = match std::mem::replace(&mut this.state, State::Over) {
                State::Over => return Poll::Ready(true),
                State::Here(task) if this.account.is_heavy() => {
                    this.state = this.send_away(task, context);
                    continue;
                }
                State::Here(mut task) => {
                    let polled = turn(&this.account, &mut task, context);
                    (task, polled, false)
                }
                State::There(mut receiver, flag, guard) => match Pin::new(&mut receiver).poll(context) {
                    Poll::Pending => {
                        this.state = State::There(receiver, flag, guard);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok((task, polled))) => (task, polled, flag.woken.load(Ordering::Acquire)),
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                },
            };
            match polled {
                Ok(Poll::Pending) => this.state = State::Here(task),
                Ok(Poll::Ready(())) => return Poll::Ready(true),
                Err(_) => return Poll::Ready(false),
            }
            if !again {
                return Poll::Pending;
            }
        }
    }
}
