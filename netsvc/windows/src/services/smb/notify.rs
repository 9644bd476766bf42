//! CHANGE_NOTIFY, which waits for changes that nobody but the peer makes, and CANCEL ([MS-SMB2] §3.3.5.16, §3.3.5.19).

use super::{
    connection::{Connection, send},
    message::{Reply, Request, flag},
    open::What,
    requests::named,
    session::Before,
    status::Status,
    waiting::{MOST, Pending},
};
use netsvc_kit::Out;

impl Connection {
    /// Lets a request wait.
    pub(super) fn notify(&mut self, request: &Request<'_>, before: &Before) -> Result<Reply, Status> {
        let file = named(request, 8, before).ok_or(Status::INVALID_PARAMETER)?;
        let (_, open) = self.parts(request, 8, before)?;
        if !matches!(open.what, What::Folder(_)) {
            return Err(Status::INVALID_PARAMETER);
        }
        if MOST <= self.waiting.pending.len() {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        self.waiting.last += 1;
        let number = self.waiting.last;
        let request = Request { bytes: &[], ..*request };
        self.waiting.pending.insert(number, Pending { request, file });
        Ok(Reply { pending: Some(number), ..Reply::failed(Status::PENDING) })
    }

    /// Answers what the peer no longer waits for.
    pub(super) fn cancel(&mut self, request: &Request<'_>, out: &mut Out) {
        let found = self.waiting.pending.iter().find(|(number, pending)| match request.is(flag::ASYNC) {
            true => **number == request.pending,
            false => pending.request.id == request.id,
        });
        let Some(number) = found.map(|(number, _)| *number) else { return };
        self.complete(number, Status::CANCELLED, out);
    }

    /// Answers what waits for changes in a folder that is closed.
    pub(super) fn finish(&mut self, session: u64, file: u64, out: &mut Out) {
        let of_file = |pending: &Pending| (pending.request.session, pending.file) == (session, file);
        let all = self.waiting.pending.iter().filter(|(_, pending)| of_file(pending));
        let numbers: Vec<u64> = all.map(|(number, _)| *number).collect();
        numbers.into_iter().for_each(|number| self.complete(number, Status::NOTIFY_CLEANUP, out));
    }

    fn complete(&mut self, number: u64, status: Status, out: &mut Out) {
        let Some(Pending { request, .. }) = self.waiting.pending.remove(&number) else { return };
        let reply = Reply { pending: Some(number), ..Reply::failed(status) };
        // Credits were granted when it began to wait.
        let mut answer = request.answered(&reply, 0);
        let Some(session) = self.sessions.get_mut(&request.session) else { return send(&answer, out) };
        let Some(keys) = session.keys.clone() else { return send(&answer, out) };
        if request.is(flag::SIGNED) {
            keys.sign(&mut answer);
        }
        if !session.sealed {
            return send(&answer, out);
        }
        session.closed += 1;
        if let Some(closed) = keys.close(request.session, session.closed, &answer) {
            send(&closed, out);
        }
    }
}
