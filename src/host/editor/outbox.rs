//! What the server says unasked, and how it answers.

use crossbeam_channel::Sender;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::Serialize;
use std::collections::BTreeSet;

/// The way to the client.
pub(super) struct Outbox {
    sender: Sender<Message>,
    next: i32,
    /// What the user was told already.
    told: BTreeSet<String>,
}

impl Outbox {
    pub(super) fn new(sender: Sender<Message>) -> Self {
        Self {
            sender,
            next: 0,
            told: BTreeSet::new(),
        }
    }

    /// A client that hangs up says so on the other channel; there is nobody left to tell here.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.sender.send(message.into());
    }

    pub(super) fn answer(&self, id: RequestId, result: impl Serialize) {
        self.send(Response::new_ok(id, result));
    }

    pub(super) fn refuse(&self, id: RequestId, code: ErrorCode, reason: &str) {
        self.send(Response::new_err(id, code as i32, reason.to_owned()));
    }

    pub(super) fn notify(&self, method: &str, parameters: impl Serialize) {
        self.send(Notification::new(method.to_owned(), parameters));
    }

    /// Asks the client for something whose answer changes nothing.
    pub(super) fn request(&mut self, method: &str, parameters: impl Serialize) {
        self.next += 1;
        self.send(Request::new(
            RequestId::from(self.next),
            method.to_owned(),
            parameters,
        ));
    }

    /// Tells the user what is wrong, once.
    pub(super) fn complain(&mut self, text: &str) {
        if self.told.insert(text.to_owned()) {
            let parameters =
                serde_json::json!({ "type": 1, "message": format!("pothole: {text}") });
            self.notify("window/showMessage", parameters);
        }
    }

    /// Nothing is wrong any more: the next mistake is told again.
    pub(super) fn relieve(&mut self) {
        self.told.clear();
    }
}
