//! A review in a job of GitHub Actions.

use super::assess::{Assessed, Commits, assess, reconfigured, repository};
use super::environment::Job;
use super::{GithubFault, Options, ReviewFault, Reviewed, artifact};
use crate::config::Language;
use crate::diff::{Diff, patch_id};
use crate::finding::Severity;
use crate::host::github::{
    Client, Done, Event, Place, PullRequest, carry_out, merge_base, pull_request, pull_request_of,
    put_summary, read_state,
};
use crate::host::{self, Outcome, Progress, Repository};
use crate::report::{Format, Item, View};
use crate::review::{
    Assessment, Plan, Request, Setting, State, annotations, known, plan, run_name, step_summary,
    summary,
};
use std::path::Path;
use std::time::Duration;

/// How often the state is read again when nobody knows what a request did.
const ROUNDS: u64 = 4;

/// What is reviewed, and with what.
struct Run<'a> {
    options: &'a Options,
    job: Job,
    client: Client,
    place: Place,
    pull: PullRequest,
    /// With the rights of the base.
    is_trusted: bool,
}

/// What was found, and how to speak of it.
struct Found {
    assessment: Assessment,
    diff: Diff,
    setting: Setting,
}

/// What came of the attempt to write.
struct Written {
    plan: Option<Plan>,
    /// Why the pull request does not show everything.
    trouble: Option<String>,
    complaints: Vec<String>,
}

pub(super) async fn review(
    options: &Options,
    progress: &Progress,
) -> Result<Reviewed, ReviewFault> {
    let job = Job::of_environment()?;
    let event = Event::read(&job.event_name, &job.event)
        .map_err(|error| ReviewFault::Event(job.event_name.clone(), error.to_string()))?;
    let client = Client::new(&job.addresses, job.token.as_deref().unwrap_or_default())?;
    let (pull, is_trusted) = match event {
        Event::PullRequest { pull, is_trusted } => (pull, is_trusted),
        Event::WorkflowRun(_) if options.from.is_none() => return Err(ReviewFault::NothingFrom),
        Event::WorkflowRun(run) => {
            match pull_request_of(&client, &job.owner, &job.name, &run).await? {
                Some(pull) => (pull, true),
                None => {
                    return Ok(skipped(
                        "no open pull request has that commit as its head: nothing to review",
                    ));
                }
            }
        }
        Event::Other => {
            return Ok(skipped(
                "the event is about no pull request: nothing to review",
            ));
        }
    };
    let place = Place {
        owner: job.owner.clone(),
        name: job.name.clone(),
        number: pull.number,
    };
    let run = Run {
        options,
        job,
        client,
        place,
        pull,
        is_trusted,
    };
    run.review(progress).await
}

fn skipped(why: &str) -> Reviewed {
    Reviewed {
        notes: vec![why.to_owned()],
        ..Reviewed::default()
    }
}

impl Run<'_> {
    async fn review(self, progress: &Progress) -> Result<Reviewed, ReviewFault> {
        if self.pull.draft && !self.options.drafts {
            return Ok(skipped("a draft is not reviewed; `--drafts` does"));
        }
        let now = pull_request(&self.client, &self.place).await?;
        if now.state != "open" {
            return Ok(skipped("the pull request is closed: nothing to review"));
        }
        if now.head.sha != self.pull.head.sha {
            return Ok(skipped(
                "the pull request has a newer commit, which gets a run of its own",
            ));
        }
        let head = self.pull.head.sha.as_str();
        let base = merge_base(&self.client, &self.place, &self.pull.base.sha, head).await?;
        let repository = repository()?;
        for commit in [head, &base] {
            self.provide(&repository, commit)?;
        }
        let patch = self.patch(&repository, &base)?;
        if let Some(reviewed) = self.as_before(&patch).await? {
            return Ok(reviewed);
        }
        let found = match &self.options.from {
            Some(path) => self.read_from(path, &repository, &base, patch)?,
            None => {
                let commits = Commits {
                    base: &base,
                    head,
                    is_guarded: self.is_trusted,
                };
                let assessed = assess(&repository, commits, self.options, progress)?;
                self.write_sarif(&assessed.outcome, &assessed.caused, assessed.language)?;
                self.found(assessed, patch)
            }
        };
        let written = self.write(&found).await;
        self.conclude(&found, written)
    }

    /// The name of the change, for whoever looks at it in this way; none where another job found what there is.
    fn patch(&self, repository: &Repository, base: &str) -> Result<String, ReviewFault> {
        if self.options.from.is_some() {
            return Ok(String::new());
        }
        let text = repository.patch(base, Some(&self.pull.head.sha))?;
        let Options {
            paths,
            exclude,
            config,
            command,
            ..
        } = self.options;
        let asked = format!("{paths:?} {exclude:?} {config:?} {command:?}");
        let version = env!("CARGO_PKG_VERSION");
        Ok(patch_id(&format!("{version}\n{asked}\n{text}")))
    }

    /// What an earlier run found, if only the base moved since.
    async fn as_before(&self, patch: &str) -> Result<Option<Reviewed>, ReviewFault> {
        if patch.is_empty() || self.options.is_dry || self.is_read_only() {
            return Ok(None);
        }
        // What cannot be read now is told when something is to be written.
        let Ok(state) = read_state(&self.client, &self.place, &run_name(&self.options.run)).await
        else {
            return Ok(None);
        };
        let Some(verdict) = known(&state, patch, &self.pull.head.sha) else {
            return Ok(None);
        };
        let note = "only the base moved since the last review: the change is what it was";
        self.job.summarize(&format!("## pothole\n\n{note}\n"))?;
        self.job.tell("findings", &verdict.live.to_string())?;
        let fails = self.options.fail_on;
        Ok(Some(Reviewed {
            fails: fails.is_some_and(|least| verdict.worst.is_some_and(|worst| worst >= least)),
            ..skipped(note)
        }))
    }

    /// Sees to it that a commit is here.
    fn provide(&self, repository: &Repository, commit: &str) -> Result<(), ReviewFault> {
        if repository.commit(commit)?.is_some() {
            return Ok(());
        }
        let address = self.job.repository_address();
        let fetched = repository
            .fetch(&address, commit, self.job.token.as_deref())
            .or_else(|fault| repository.fetch("origin", commit, None).map_err(|_| fault));
        fetched.map_err(|fault| ReviewFault::Commit {
            commit: commit.to_owned(),
            reason: fault.to_string(),
        })
    }

    fn read_from(
        &self,
        path: &Path,
        repository: &Repository,
        base: &str,
        patch: String,
    ) -> Result<Found, ReviewFault> {
        let diff = repository.diff(base, Some(&self.pull.head.sha))?;
        let mut assessment = artifact::read(path, &diff, &self.job.workspace())?;
        // The other job read the head's configuration.
        if diff.files().any(|(path, _)| host::is_setting(path)) {
            let commits = Commits {
                base,
                head: &self.pull.head.sha,
                is_guarded: false,
            };
            let old = repository.lay_out(commits.base)?;
            let new = repository.lay_out(commits.head)?;
            let code = diff.files().map(|(path, _)| path).collect();
            let trees = [&old, &new];
            assessment.reconfigured = reconfigured(repository, commits, trees, &diff, &code)?;
        }
        let language = self.options.language.unwrap_or_else(host::locale);
        Ok(Found {
            assessment,
            diff,
            setting: self.setting(language, patch),
        })
    }

    fn found(&self, assessed: Assessed, patch: String) -> Found {
        Found {
            assessment: assessed.found,
            diff: assessed.diff,
            setting: self.setting(assessed.language, patch),
        }
    }

    fn setting(&self, language: Language, patch: String) -> Setting {
        let head = &self.pull.head.sha;
        Setting {
            run: run_name(&self.options.run),
            head: head.clone(),
            patch,
            blob: format!("{}/blob/{head}/", self.job.repository_address()),
            language,
            cap: self.options.cap,
        }
    }

    /// Whether the token is known to be one that may not write.
    fn is_read_only(&self) -> bool {
        let is_stranger = self.pull.is_from_fork() || self.job.actor == "dependabot[bot]";
        self.job.token.is_none() || (is_stranger && !self.is_trusted)
    }

    async fn write(&self, found: &Found) -> Written {
        let nothing = |trouble: Option<String>| Written {
            plan: None,
            trouble,
            complaints: Vec::new(),
        };
        if self.options.is_dry && self.job.token.is_none() {
            let state = State::default();
            let plan = plan(request(&state, found));
            return Written {
                plan: Some(plan),
                ..nothing(None)
            };
        }
        if self.is_read_only() && !self.options.is_dry {
            return nothing(Some(
                "The token of this run may not comment, so findings are shown as annotations and here.".to_owned(),
            ));
        }
        let mut done = Done::default();
        let mut round = 0;
        loop {
            let result = self.attempt(found, &mut done).await;
            round += 1;
            match result {
                Ok(plan) => {
                    return Written {
                        plan: Some(plan),
                        trouble: None,
                        complaints: done.complaints,
                    };
                }
                // What was sent may have arrived: only the state tells.
                Err(GithubFault::Uncertain { .. }) if round < ROUNDS => {
                    tokio::time::sleep(Duration::from_millis(500 * round)).await;
                }
                Err(fault) => {
                    let trouble = format!("The review could not be posted: {fault}.");
                    return Written {
                        complaints: done.complaints,
                        ..nothing(Some(trouble))
                    };
                }
            }
        }
    }

    /// Reads the state, and writes what is missing.
    async fn attempt(&self, found: &Found, done: &mut Done) -> Result<Plan, GithubFault> {
        let state = read_state(&self.client, &self.place, &found.setting.run).await?;
        let request = request(&state, found);
        let plan = plan(request);
        if self.options.is_dry {
            return Ok(plan);
        }
        done.posted.clear();
        carry_out(&self.client, &self.place, &found.setting.head, &plan, done).await?;
        if let Some((old, text)) = summary(request, &plan, &done.posted, &done.refused) {
            put_summary(&self.client, &self.place, old.as_ref(), &text).await?;
        }
        Ok(plan)
    }

    fn write_sarif(
        &self,
        outcome: &Outcome,
        caused: &[Item],
        language: Language,
    ) -> Result<(), ReviewFault> {
        let Some(path) = &self.options.sarif else {
            return Ok(());
        };
        let view = View {
            files: &outcome.files,
            items: caused,
            language,
            colour: false,
        };
        let mut content = Vec::new();
        let written = Format::Sarif
            .write(&view, &mut content)
            .and_then(|()| host::write_file(path, &content));
        written.map_err(|error| ReviewFault::Output(path.clone(), error))?;
        Ok(self.job.tell("sarif", &path.to_string_lossy())?)
    }

    /// Tells the job what there is, wherever else it stands.
    fn conclude(&self, found: &Found, written: Written) -> Result<Reviewed, ReviewFault> {
        let state = State::default();
        let request = request(&state, found);
        let trouble = written.trouble.as_deref();
        let declined = written.plan.as_ref().map_or(&[][..], |plan| &plan.declined);
        let notes = &found.assessment.caused;
        let live = (0..notes.len())
            .filter(|index| !declined.contains(index))
            .map(|index| &notes[index]);
        let live: Vec<_> = live.collect();
        let output = match &written.plan {
            Some(plan) if self.options.is_dry => plan.describe(),
            Some(_) => String::new(),
            None => annotations(&live, found.setting.language),
        };
        if !self.options.is_dry {
            self.job
                .summarize(&step_summary(request, written.plan.as_ref(), trouble))?;
            self.job.tell("findings", &live.len().to_string())?;
        }
        let least = self.options.fail_on.unwrap_or(Severity::Error);
        let fails =
            self.options.fail_on.is_some() && live.iter().any(|note| note.severity >= least);
        let mut lines = written.complaints;
        lines.extend(written.trouble);
        Ok(Reviewed {
            output,
            notes: lines,
            fails,
        })
    }
}

fn request<'a>(state: &'a State, found: &'a Found) -> Request<'a> {
    Request {
        state,
        found: &found.assessment,
        diff: &found.diff,
        setting: &found.setting,
    }
}
