//! Who may write to a repository: an association with it does not tell, since readers collaborate too.

use super::client::{Client, GithubFault};
use super::threads::Place;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Answer {
    permission: String,
}

/// What is known of accounts; each is asked about once.
pub(super) struct Writers<'a> {
    client: &'a Client,
    place: &'a Place,
    known: BTreeMap<String, bool>,
}

impl<'a> Writers<'a> {
    pub(super) fn new(client: &'a Client, place: &'a Place) -> Self {
        Self {
            client,
            place,
            known: BTreeMap::new(),
        }
    }

    /// Whether an account may write. Where GitHub does not tell, it may not.
    pub(super) async fn has(&mut self, login: &str) -> Result<bool, GithubFault> {
        if let Some(&known) = self.known.get(login) {
            return Ok(known);
        }
        let Place { owner, name, .. } = self.place;
        let account = crate::report::uri(login);
        let path = format!("/repos/{owner}/{name}/collaborators/{account}/permission");
        let may = match self.client.get::<Answer>(&path).await {
            // Finer roles are told as the one of these that they come closest to.
            Ok(answer) => matches!(answer.permission.as_str(), "admin" | "write"),
            Err(GithubFault::Refused { .. } | GithubFault::Forbidden { .. }) => false,
            Err(fault) => return Err(fault),
        };
        self.known.insert(login.to_owned(), may);
        Ok(may)
    }
}
