//! Requests to GitHub: one at a time, reads repeated, writes never blindly.

use super::pace::{Limits, pause};
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Why a request did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum GithubFault {
    /// The client could not be made.
    #[error("cannot talk to {address}: {reason}")]
    Client {
        /// Where it was to talk to.
        address: String,
        /// Why not.
        reason: String,
    },
    /// No answer, or a server error: nobody knows whether the request was carried out.
    #[error("{what}: no proper answer ({reason})")]
    Uncertain {
        /// What was asked.
        what: String,
        /// What came instead.
        reason: String,
    },
    /// The token may not.
    #[error("{what}: the token may not do that ({reason})")]
    Forbidden {
        /// What was asked.
        what: String,
        /// What GitHub says.
        reason: String,
    },
    /// GitHub refuses the request itself.
    #[error("{what}: answered with {status}: {reason}")]
    Refused {
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// What GitHub says.
        reason: String,
    },
    /// An answer that does not look as it should.
    #[error("{what}: the answer was not understood: {reason}")]
    Strange {
        /// What was asked.
        what: String,
        /// What is strange.
        reason: String,
    },
}

impl GithubFault {
    /// The status of a refused request.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            GithubFault::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// Where GitHub is.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// `https://api.github.com`, `https://host/api/v3`.
    pub(crate) rest: String,
    /// `https://api.github.com/graphql`, `https://host/api/graphql`.
    pub(crate) graph: String,
    /// `https://github.com`.
    pub(crate) server: String,
}

/// A request's verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
    Put,
}

/// A connection to GitHub.
pub(crate) struct Client {
    rest: Octocrab,
    /// On GitHub Enterprise the graph is not below the address of the rest.
    graph: Octocrab,
}

/// How often a request is sent at most.
const ATTEMPTS: u32 = 4;

struct Answer {
    status: u16,
    limits: Limits,
    body: String,
}

impl Client {
    pub(crate) fn new(addresses: &Addresses, token: &str) -> Result<Self, GithubFault> {
        let graph = addresses
            .graph
            .strip_suffix("/graphql")
            .unwrap_or(&addresses.graph);
        Ok(Self {
            rest: connect(&addresses.rest, token)?,
            graph: connect(graph, token)?,
        })
    }

    /// A connection to GitLab, which takes the same kind of token, and has no graph that is needed here.
    pub(crate) fn gitlab(address: &str, token: &str) -> Result<Self, GithubFault> {
        let rest = connect(address, token)?;
        Ok(Self {
            graph: rest.clone(),
            rest,
        })
    }

    /// Reads.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubFault> {
        let body = self.repeat(&self.rest, Verb::Get, path, None).await?;
        understood(path, &body)
    }

    /// Writes, once: an error may mean that it was done all the same.
    pub(crate) async fn write(
        &self,
        verb: Verb,
        path: &str,
        body: Option<&Value>,
    ) -> Result<String, GithubFault> {
        self.patiently(&self.rest, verb, path, body).await
    }

    /// Asks the graph.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: Value,
    ) -> Result<T, GithubFault> {
        let body = json!({ "query": query, "variables": variables });
        let answer = self
            .repeat(&self.graph, Verb::Post, "/graphql", Some(&body))
            .await?;
        data(&answer)
    }

    /// Changes something through the graph, once.
    pub(crate) async fn mutate(&self, mutation: &str, variables: Value) -> Result<(), GithubFault> {
        let body = json!({ "query": mutation, "variables": variables });
        let answer = self
            .patiently(&self.graph, Verb::Post, "/graphql", Some(&body))
            .await?;
        data::<Value>(&answer).map(drop)
    }

    /// Sends what may be sent twice until it is answered.
    async fn repeat(
        &self,
        client: &Octocrab,
        verb: Verb,
        path: &str,
        body: Option<&Value>,
    ) -> Result<String, GithubFault> {
        let mut attempt = 0;
        loop {
            let result = self.patiently(client, verb, path, body).await;
            attempt += 1;
            match result {
                Err(GithubFault::Uncertain { .. }) if attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(250 << attempt)).await;
                }
                other => return other,
            }
        }
    }

    /// Sends a request, again only where it was refused for coming too soon.
    async fn patiently(
        &self,
        client: &Octocrab,
        verb: Verb,
        path: &str,
        body: Option<&Value>,
    ) -> Result<String, GithubFault> {
        let mut attempt = 0;
        loop {
            let answer = send(client, verb, path, body).await?;
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |time| time.as_secs());
            match pause(answer.status, &answer.limits, &answer.body, attempt, now) {
                Some(pause) if attempt + 1 < ATTEMPTS => tokio::time::sleep(pause).await,
                _ => return judged(path, answer),
            }
            attempt += 1;
        }
    }
}

fn connect(address: &str, token: &str) -> Result<Octocrab, GithubFault> {
    let fault = |reason: String| GithubFault::Client {
        address: address.to_owned(),
        reason,
    };
    Octocrab::builder()
        .base_uri(address)
        .map_err(|error| fault(error.to_string()))?
        .personal_token(token.to_owned())
        .set_connect_timeout(Some(Duration::from_secs(20)))
        .set_read_timeout(Some(Duration::from_secs(60)))
        .set_write_timeout(Some(Duration::from_secs(60)))
        .build()
        .map_err(|error| fault(error.to_string()))
}

async fn send(
    client: &Octocrab,
    verb: Verb,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, GithubFault> {
    let lost = |error: octocrab::Error| GithubFault::Uncertain {
        what: path.to_owned(),
        reason: error.to_string(),
    };
    let response = match verb {
        Verb::Get => client._get(path).await,
        Verb::Post => client._post(path, body).await,
        Verb::Patch => client._patch(path, body).await,
        Verb::Delete => client._delete(path, body).await,
        Verb::Put => client._put(path, body).await,
    };
    let response = response.map_err(lost)?;
    let number = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok()?.parse().ok()
    };
    let limits = Limits {
        retry_after: number("retry-after"),
        remaining: number("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset"),
    };
    let status = response.status().as_u16();
    let body = client.body_to_string(response).await.map_err(lost)?;
    Ok(Answer {
        status,
        limits,
        body,
    })
}

fn judged(path: &str, answer: Answer) -> Result<String, GithubFault> {
    let what = path.to_owned();
    let reason = || {
        let said: Option<String> = serde_json::from_str::<Value>(&answer.body)
            .ok()
            .and_then(|body| Some(body.get("message")?.as_str()?.to_owned()));
        said.unwrap_or_else(|| format!("status {}", answer.status))
    };
    match answer.status {
        200..=299 => Ok(answer.body),
        401 | 403 => Err(GithubFault::Forbidden {
            what,
            reason: reason(),
        }),
        500..=599 => Err(GithubFault::Uncertain {
            what,
            reason: reason(),
        }),
        status => Err(GithubFault::Refused {
            what,
            status,
            reason: reason(),
        }),
    }
}

fn understood<T: DeserializeOwned>(what: &str, body: &str) -> Result<T, GithubFault> {
    serde_json::from_str(body).map_err(|error| GithubFault::Strange {
        what: what.to_owned(),
        reason: error.to_string(),
    })
}

/// The data of an answer of the graph, which says with 200 that something went wrong.
fn data<T: DeserializeOwned>(body: &str) -> Result<T, GithubFault> {
    let mut answer: Value = understood("graphql", body)?;
    let errors = answer
        .get("errors")
        .and_then(Value::as_array)
        .filter(|errors| !errors.is_empty());
    if let Some(errors) = errors {
        let words = |error: &Value| Some(error.get("message")?.as_str()?.to_owned());
        let reason = errors
            .iter()
            .filter_map(words)
            .collect::<Vec<_>>()
            .join("; ");
        let is_forbidden = errors
            .iter()
            .any(|error| error.get("type").and_then(Value::as_str) == Some("FORBIDDEN"));
        let what = "graphql".to_owned();
        return Err(match is_forbidden {
            true => GithubFault::Forbidden { what, reason },
            false => GithubFault::Strange { what, reason },
        });
    }
    let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
    serde_json::from_value(data).map_err(|error| GithubFault::Strange {
        what: "graphql".to_owned(),
        reason: error.to_string(),
    })
}
