//! Who is connected: a bounded number, of whom those that only wait make room for newcomers.

use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// All connections of an interface.
#[derive(Clone, Debug)]
pub(crate) struct Hall {
    seats: Arc<Mutex<BTreeMap<u64, Arc<Place>>>>,
    most: usize,
    /// Counts arrivals and beginnings of waits: a smaller number has waited longer.
    clock: Arc<AtomicU64>,
}

/// A connection that is open.
#[derive(Debug)]
struct Place {
    /// Requests at work, 0 or 1 for HTTP/1.
    busy: AtomicU64,
    /// Since when it waits, by the hall's clock.
    since: AtomicU64,
    leave: Notify,
}

/// The place of one connection; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    hall: Hall,
    number: u64,
    place: Arc<Place>,
}

/// A request at work; its connection is not sent away until this is dropped.
#[derive(Debug)]
pub(crate) struct Busy {
    hall: Hall,
    place: Arc<Place>,
}

impl Hall {
    /// A hall for `most` connections.
    pub(crate) fn new(most: usize) -> Self {
        Hall { seats: Arc::default(), most, clock: Arc::default() }
    }

    /// A place for a newcomer. When none is free, who has waited longest without a request leaves; `None`
    /// when everybody is at work.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let mut seats = self.seats.lock();
        if seats.len() >= self.most {
            let waiting = seats.iter().filter(|(_, place)| place.busy.load(Ordering::Acquire) == 0);
            let longest = waiting.min_by_key(|(_, place)| place.since.load(Ordering::Acquire));
            let number = longest.map(|(number, _)| *number)?;
            if let Some(place) = seats.remove(&number) {
                place.leave.notify_one();
            }
        }
        let number = self.tick();
        let place = Place { busy: AtomicU64::new(0), since: AtomicU64::new(number), leave: Notify::new() };
        let place = Arc::new(place);
        seats.insert(number, Arc::clone(&place));
        Some(Seat { hall: self.clone(), number, place })
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::AcqRel)
    }
}

impl Seat {
    /// Marks a request as at work.
    pub(crate) fn busy(&self) -> Busy {
        self.place.busy.fetch_add(1, Ordering::AcqRel);
        Busy { hall: self.hall.clone(), place: Arc::clone(&self.place) }
    }

    /// Waits until the connection has to leave.
    pub(crate) async fn evicted(&self) {
        self.place.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hall.seats.lock().remove(&self.number);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.place.since.store(self.hall.tick(), Ordering::Release);
        self.place.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    async fn leaves(seat: &Seat) -> bool {
        timeout(Duration::from_millis(20), seat.evicted()).await.is_ok()
    }

    #[tokio::test]
    async fn who_waited_longest_makes_room_and_who_works_stays() {
        let hall = Hall::new(2);
        let (one, two) = (hall.seat().unwrap(), hall.seat().unwrap());
        let work = one.busy();
        let three = hall.seat().unwrap();
        assert!(leaves(&two).await && !leaves(&one).await);
        drop(two);
        drop(work);
        let _four = hall.seat().unwrap();
        assert!(leaves(&three).await, "its wait began before that of the one that had worked");
        let _busy = one.busy();
        drop(three);
        let five = hall.seat().unwrap();
        let _busy = five.busy();
        assert!(hall.seat().is_none(), "everybody is at work");
    }
}
