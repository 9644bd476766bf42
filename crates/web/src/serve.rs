//! Serving on a socket until told to stop.

use crate::{ApiState, router};
use std::{future::Future, net::SocketAddr};
use tokio::net::TcpListener;

/// Serves the interface on `listener` until `stop` is ready; open requests are finished, event streams
/// are ended.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let tail = tokio::spawn({
        let state = state.clone();
        async move { state.tail().await }
    });
    let stopping = {
        let state = state.clone();
        async move {
            stop.await;
            state.stop();
        }
    };
    let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stopping).await;
    state.stop();
    // It ends by itself; a failure inside it has been reported by the runtime.
    let _ = tail.await;
    served
}
