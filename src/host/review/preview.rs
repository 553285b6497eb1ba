//! What a review would say of two revisions on this machine.

use super::assess::{Commits, assess, repository};
use super::{Options, ReviewFault, Reviewed};
use crate::host::Progress;
use crate::review::{Request, Setting, State, plan, run_name, summary};

/// Says what would be written on a pull request that nobody reviewed yet.
pub(super) fn preview(
    options: &Options,
    base: &str,
    head: &str,
    progress: &Progress,
) -> Result<Reviewed, ReviewFault> {
    let repository = repository()?;
    let commit = |revision: &str| {
        let missing = || ReviewFault::Commit {
            commit: revision.to_owned(),
            reason: "there is no such revision".to_owned(),
        };
        repository.commit(revision)?.ok_or_else(missing)
    };
    let (base, head) = (commit(base)?, commit(head)?);
    let fork = repository.merge_base(&base, &head).unwrap_or(base);
    let commits = Commits {
        base: &fork,
        head: &head,
        is_guarded: false,
    };
    let assessed = assess(&repository, commits, options, progress)?;
    let setting = Setting {
        run: run_name(&options.run),
        head: head.clone(),
        patch: String::new(),
        blob: String::new(),
        language: assessed.language,
        cap: options.cap,
    };
    let state = State::default();
    let request = Request {
        state: &state,
        found: &assessed.found,
        diff: &assessed.diff,
        setting: &setting,
    };
    let plan = plan(request);
    let mut output = plan.describe();
    let posted: Vec<usize> = (0..assessed.found.caused.len())
        .filter(|index| !plan.overflow.contains(index))
        .collect();
    if let Some((_, text)) = summary(request, &plan, &posted, &[]) {
        output.push_str(&format!("--- summary\n{text}\n"));
    }
    let fails = options.fail_on.is_some_and(|least| {
        assessed
            .found
            .caused
            .iter()
            .any(|note| note.severity >= least)
    });
    // In a job, silence is the answer; who asks by hand wants to know that it was one.
    let mut notes = Vec::new();
    if output.is_empty() {
        notes.push("the change causes nothing that would be posted".to_owned());
    }
    Ok(Reviewed {
        output,
        notes,
        fails,
    })
}
