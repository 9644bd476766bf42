//! Work that is queued, done and interrupted.

use crate::backend::on_every_backend;
use decnet_model::{
    operation::{FleetRequest, Request},
    record::{OperationKind, OperationState},
};
use decnet_store::{
    Store,
    record::{Page, PageFrom},
};

on_every_backend!(work_is_done_in_order, work_that_was_interrupted_has_failed, not_all_work_may_wait);

async fn work_is_done_in_order(store: Store) {
    assert_eq!(store.operation_take(1).await.unwrap(), None);
    let wanted = Request::Plan(FleetRequest::Ini("[a]\n\u{1F980}".to_owned()));
    assert_eq!(store.operation_ask(&wanted, "eve", 10).await.unwrap(), Some(1));
    assert_eq!(store.operation_ask(&Request::Firedrill, "eve", 11).await.unwrap(), Some(2));
    let mut first = store.operation_take(12).await.unwrap().unwrap();
    assert_eq!(
        (first.kind, first.state, first.begun_at),
        (OperationKind::Plan, OperationState::Running, Some(12))
    );
    assert_eq!(serde_json::from_str::<Request>(&first.request).unwrap(), wanted);
    first.state = OperationState::Done;
    first.result = "{}".to_owned();
    first.ended_at = Some(13);
    store.operation_put(&first).await.unwrap();
    assert_eq!(store.operation_get(1).await.unwrap(), Some(first));
    assert_eq!(store.operation_take(14).await.unwrap().map(|second| second.id), Some(2));
    let page = Page { from: PageFrom::Newest, limit: 10 };
    let listed: Vec<i64> = store.operation_list(page).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(listed, [2, 1]);
}

async fn work_that_was_interrupted_has_failed(store: Store) {
    store.operation_ask(&Request::Firedrill, "eve", 1).await.unwrap();
    store.operation_ask(&Request::Audit(Vec::new()), "eve", 1).await.unwrap();
    store.operation_take(2).await.unwrap();
    store.operation_interrupted(3).await.unwrap();
    let first = store.operation_get(1).await.unwrap().unwrap();
    assert_eq!((first.state, first.ended_at), (OperationState::Failed, Some(3)));
    assert!(first.notes.contains("interrupted"));
    let second = store.operation_get(2).await.unwrap().unwrap();
    assert_eq!(second.state, OperationState::Queued, "what nobody had begun waits");
}

async fn not_all_work_may_wait(store: Store) {
    let mut asked = 0;
    while store.operation_ask(&Request::Firedrill, "eve", 1).await.unwrap().is_some() {
        asked += 1;
        assert!(asked < 1000);
    }
    store.operation_take(2).await.unwrap();
    assert!(store.operation_ask(&Request::Firedrill, "eve", 3).await.unwrap().is_some());
}
