//! A review in a job of GitLab CI.

use super::assess::{Commits, assess, repository};
use super::environment::variable;
use super::{GithubFault, Options, ReviewFault, Reviewed};
use crate::finding::Severity;
use crate::host::Progress;
use crate::host::github::{Client, Done};
use crate::host::gitlab::{MergeRequest, Place};
use crate::review::{Plan, Request, Setting, State, plan, run_name, summary};
use std::time::Duration;

/// How often the state is read again when nobody knows what a request did.
const ROUNDS: u64 = 4;

/// Whether this is a job of GitLab CI.
pub(super) fn is_here() -> bool {
    variable("GITLAB_CI").is_some()
}

fn needed(name: &'static str) -> Result<String, ReviewFault> {
    variable(name).ok_or(ReviewFault::NoJob(name))
}

pub(super) async fn review(
    options: &Options,
    progress: &Progress,
) -> Result<Reviewed, ReviewFault> {
    let Some(number) = variable("CI_MERGE_REQUEST_IID") else {
        return Ok(said(
            "the pipeline is about no merge request: nothing to review",
        ));
    };
    let project = needed("CI_PROJECT_ID")?;
    // The token of a job may not open discussions.
    let token = needed("GITLAB_TOKEN")?;
    let client = Client::gitlab(&needed("CI_API_V4_URL")?, &token)?;
    let place = Place::find(&client, &project, &number).await?;
    let request = place.merge_request(&client).await?;
    if request.state != "opened" {
        return Ok(said("the merge request is closed: nothing to review"));
    }
    if request.draft && !options.drafts {
        return Ok(said("a draft is not reviewed; `--drafts` does"));
    }
    let repository = repository()?;
    let refs = &request.diff_refs;
    for commit in [&refs.head_sha, &refs.base_sha] {
        if repository.commit(commit)?.is_none() {
            repository
                .fetch("origin", commit, None)
                .map_err(|fault| ReviewFault::Commit {
                    commit: commit.clone(),
                    reason: fault.to_string(),
                })?;
        }
    }
    let commits = Commits {
        base: &refs.base_sha,
        head: &refs.head_sha,
        is_guarded: false,
    };
    let assessed = assess(&repository, commits, options, progress)?;
    let address = variable("CI_PROJECT_URL").unwrap_or_default();
    let setting = Setting {
        run: run_name(&options.run),
        head: refs.head_sha.clone(),
        blob: format!("{address}/-/blob/{}/", refs.head_sha),
        language: assessed.language,
        cap: options.cap,
    };
    let state = State::default();
    let run = Run {
        client,
        place,
        merge_request: &request,
        request: Request {
            state: &state,
            found: &assessed.found,
            diff: &assessed.diff,
            setting: &setting,
        },
        is_dry: options.is_dry,
    };
    let (plan, notes) = run.write().await?;
    let caused = assessed.found.caused.iter().enumerate();
    let live = caused.filter(|(index, _)| !plan.declined.contains(index));
    let least = options.fail_on.unwrap_or(Severity::Error);
    let fails = options.fail_on.is_some()
        && live
            .map(|(_, note)| note.severity)
            .any(|severity| severity >= least);
    Ok(Reviewed {
        output: if options.is_dry {
            plan.describe()
        } else {
            String::new()
        },
        notes,
        fails,
    })
}

fn said(why: &str) -> Reviewed {
    Reviewed {
        notes: vec![why.to_owned()],
        ..Reviewed::default()
    }
}

struct Run<'a> {
    client: Client,
    place: Place,
    merge_request: &'a MergeRequest,
    request: Request<'a>,
    is_dry: bool,
}

impl Run<'_> {
    /// Writes; where nobody knows what became of a request, the state is read again.
    async fn write(&self) -> Result<(Plan, Vec<String>), GithubFault> {
        let mut done = Done::default();
        let mut round = 0;
        loop {
            let result = self.attempt(&mut done).await;
            round += 1;
            match result {
                Ok(plan) => return Ok((plan, done.complaints)),
                Err(GithubFault::Uncertain { .. }) if round < ROUNDS => {
                    tokio::time::sleep(Duration::from_millis(500 * round)).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn attempt(&self, done: &mut Done) -> Result<Plan, GithubFault> {
        let run = &self.request.setting.run;
        let author = &self.merge_request.author;
        let state = self.place.read_state(&self.client, run, author).await?;
        let request = Request {
            state: &state,
            ..self.request
        };
        let plan = plan(request);
        if self.is_dry {
            return Ok(plan);
        }
        done.posted.clear();
        let refs = &self.merge_request.diff_refs;
        self.place
            .carry_out(&self.client, refs, request.diff, &plan, done)
            .await?;
        if let Some((old, text)) = summary(request, &plan, &done.posted, &done.refused) {
            self.place
                .put_summary(&self.client, old.as_ref(), &text)
                .await?;
        }
        Ok(plan)
    }
}
