//! A review in a job of GitLab CI.

use super::assess::{Assessed, Commits, assess, repository};
use super::environment::variable;
use super::{GithubFault, Options, ReviewFault, Reviewed};
use crate::host::Progress;
use crate::host::github::{Client, Done};
use crate::host::gitlab::{MergeRequest, Place};
use crate::review::{Plan, Request, Setting, State, log, plan, run_name, summary};
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
    // The token of a job may not open discussions, and pipelines of forks are not told secrets.
    match variable("GITLAB_TOKEN") {
        Some(token) => discuss(options, progress, &number, &token).await,
        None => tell(options, progress),
    }
}

/// The project that the merge request is for; a fork's pipeline runs in the fork.
fn project() -> Result<String, ReviewFault> {
    variable("CI_MERGE_REQUEST_PROJECT_ID").map_or_else(|| needed("CI_PROJECT_ID"), Ok)
}

/// Where that project is.
fn address() -> Option<String> {
    variable("CI_MERGE_REQUEST_PROJECT_URL").or_else(|| variable("CI_PROJECT_URL"))
}

/// Says in discussions on the merge request what the change causes.
async fn discuss(
    options: &Options,
    progress: &Progress,
    number: &str,
    token: &str,
) -> Result<Reviewed, ReviewFault> {
    let client = Client::gitlab(&needed("CI_API_V4_URL")?, token)?;
    let place = match Place::find(&client, &project()?, number).await {
        Err(GithubFault::Forbidden { .. }) => return tell(options, progress),
        place => place?,
    };
    let request = place.merge_request(&client).await?;
    if request.state != "opened" {
        return Ok(said("the merge request is closed: nothing to review"));
    }
    if request.draft && !options.drafts {
        return Ok(said("a draft is not reviewed; `--drafts` does"));
    }
    let refs = &request.diff_refs;
    let assessed = assessed(&refs.base_sha, &refs.head_sha, options, progress)?;
    let setting = setting(&refs.head_sha, &assessed, options);
    let state = State::default();
    let run = Run {
        client,
        place,
        merge_request: &request,
        request: asked(&state, &assessed, &setting),
        is_dry: options.is_dry,
    };
    let (plan, mut notes, output) = match run.write().await {
        Ok((plan, notes)) if options.is_dry => {
            let text = plan.describe();
            (plan, notes, text)
        }
        Ok((plan, notes)) => (plan, notes, String::new()),
        // Nothing is lost: what no discussion can say, the log of the job does.
        Err(fault) => {
            let trouble = format!("The review could not be posted: {fault}.");
            let text = log(&assessed.found.caused, setting.language);
            (Plan::default(), vec![trouble], text)
        }
    };
    notes.dedup();
    Ok(Reviewed {
        output,
        notes,
        fails: fails(&assessed, &plan.declined, options),
    })
}

/// Says in the log of the job what the change causes.
fn tell(options: &Options, progress: &Progress) -> Result<Reviewed, ReviewFault> {
    let base = needed("CI_MERGE_REQUEST_DIFF_BASE_SHA")?;
    let head = match variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") {
        Some(head) => head,
        None => needed("CI_COMMIT_SHA")?,
    };
    let assessed = assessed(&base, &head, options, progress)?;
    let why =
        "there is no token that may open discussions (GITLAB_TOKEN), so findings are shown here";
    Ok(Reviewed {
        output: log(&assessed.found.caused, assessed.language),
        notes: vec![why.to_owned()],
        fails: fails(&assessed, &[], options),
    })
}

/// Compares the commits, which are fetched where they are missing.
fn assessed(
    base: &str,
    head: &str,
    options: &Options,
    progress: &Progress,
) -> Result<Assessed, ReviewFault> {
    let repository = repository()?;
    for commit in [head, base] {
        if repository.commit(commit)?.is_some() {
            continue;
        }
        // The clone of a fork does not know what is new in the project that it was taken from.
        let fetched = repository.fetch("origin", commit, None).or_else(|fault| {
            let address = address().ok_or(fault)?;
            repository.fetch(&address, commit, None)
        });
        fetched.map_err(|fault| ReviewFault::Commit {
            commit: commit.to_owned(),
            reason: fault.to_string(),
        })?;
    }
    let commits = Commits {
        base,
        head,
        is_guarded: false,
    };
    assess(&repository, commits, options, progress)
}

fn setting(head: &str, assessed: &Assessed, options: &Options) -> Setting {
    Setting {
        run: run_name(&options.run),
        head: head.to_owned(),
        patch: String::new(),
        blob: format!("{}/-/blob/{head}/", address().unwrap_or_default()),
        language: assessed.language,
        cap: options.cap,
    }
}

fn asked<'a>(state: &'a State, assessed: &'a Assessed, setting: &'a Setting) -> Request<'a> {
    Request {
        state,
        found: &assessed.found,
        diff: &assessed.diff,
        setting,
    }
}

fn fails(assessed: &Assessed, declined: &[usize], options: &Options) -> bool {
    let Some(least) = options.fail_on else {
        return false;
    };
    let caused = assessed.found.caused.iter().enumerate();
    let mut live = caused.filter(|(index, _)| !declined.contains(index));
    live.any(|(_, note)| note.severity >= least)
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
