//! The thread that analyzes while the server goes on listening.

use super::snapshot::Snapshot;
use crate::config::Language;
use crate::host::{Memory, Progress, Request, check_again, locale};
use crossbeam_channel::{Receiver, Sender};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Builder;

/// An analysis that is wanted.
pub(super) struct Job {
    /// The state of the documents that it is of.
    pub(super) generation: u64,
    pub(super) request: Request,
    pub(super) language: Option<Language>,
    /// Set once nobody wants it any more.
    pub(super) is_cancelled: Arc<AtomicBool>,
}

/// An analysis that came to its end.
pub(super) struct Done {
    pub(super) generation: u64,
    pub(super) snapshot: Snapshot,
}

/// Starts the thread. It ends when nobody sends any more.
pub(super) fn start(jobs: Receiver<Job>, done: Sender<Done>) -> io::Result<()> {
    let work = move || {
        let memory = Memory::default();
        for job in jobs {
            let generation = job.generation;
            let snapshot = run(job, &memory);
            if done
                .send(Done {
                    generation,
                    snapshot,
                })
                .is_err()
            {
                break;
            }
        }
    };
    Builder::new()
        .name("analysis".to_owned())
        .spawn(work)
        .map(|_| ())
}

/// A mistake in the analysis must not take the server down with everything that its user has open.
fn run(job: Job, memory: &Memory) -> Snapshot {
    let Job {
        request,
        language,
        is_cancelled,
        ..
    } = job;
    let analyze = || {
        let outcome = check_again(&request, memory, &Progress::until(is_cancelled))?;
        let language = language.or(outcome.language).unwrap_or_else(locale);
        Ok(Snapshot::of(outcome, language))
    };
    match catch_unwind(AssertUnwindSafe(analyze)) {
        Ok(Ok(snapshot)) => snapshot,
        Ok(Err(fault)) => Snapshot::failed(fault),
        Err(_) => Snapshot::broken(),
    }
}
