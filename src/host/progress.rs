//! How far a run is, on a terminal; and how long its passes took.

use crate::analyze::{Monitor, Pass};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A run that is shorter shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a part of a run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The part.
    pub name: &'static str,
    /// How long.
    pub duration: Duration,
}

/// Listens to a run, and shows a bar on a terminal once it takes long.
#[derive(Debug)]
pub struct Progress {
    start: Instant,
    shows: bool,
    is_cancelled: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bar: Option<ProgressBar>,
    current: Option<(&'static str, Instant)>,
    timings: Vec<Timing>,
}

impl Progress {
    /// A listener; `quiet` shows no bar, even on a terminal.
    pub fn new(quiet: bool) -> Self {
        Self {
            start: Instant::now(),
            shows: !quiet && std::io::stderr().is_terminal(),
            is_cancelled: Arc::default(),
            state: Mutex::new(State {
                bar: None,
                current: None,
                timings: Vec::new(),
            }),
        }
    }

    /// A quiet listener that stops the run once the switch is set.
    pub fn until(is_cancelled: Arc<AtomicBool>) -> Self {
        Self {
            is_cancelled,
            ..Self::new(true)
        }
    }

    /// The next part of the run begins.
    pub fn begin(&self, name: &'static str) {
        if let Ok(mut state) = self.state.lock() {
            state.begin(name);
        }
    }

    /// The run is over: takes the bar away and tells how long each part took.
    pub fn finish(&self) -> Vec<Timing> {
        let Ok(mut state) = self.state.lock() else {
            return Vec::new();
        };
        state.end();
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
        state.timings.clone()
    }

    fn show(&self, state: &mut State, name: &'static str, done: usize, total: usize) {
        if !self.shows || self.start.elapsed() < PATIENCE {
            return;
        }
        let bar = state.bar.get_or_insert_with(new_bar);
        bar.set_message(name);
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }
}

impl State {
    fn begin(&mut self, name: &'static str) {
        if self.current.is_some_and(|(current, _)| current == name) {
            return;
        }
        self.end();
        self.current = Some((name, Instant::now()));
    }

    fn end(&mut self) {
        if let Some((name, since)) = self.current.take() {
            let duration = since.elapsed();
            match self.timings.iter_mut().find(|timing| timing.name == name) {
                Some(timing) => timing.duration += duration,
                None => self.timings.push(Timing { name, duration }),
            }
        }
    }
}

impl Monitor for Progress {
    fn progress(&self, pass: Pass, done: usize, total: usize) {
        let name = match pass {
            Pass::Lower => "read and lower",
            Pass::Link => "link",
            Pass::Summarize => "summarize",
            Pass::Check => "check",
        };
        // A thread that finds the bar in use has nothing to say that the next will not say better.
        if let Ok(mut state) = self.state.try_lock() {
            state.begin(name);
            self.show(&mut state, name, done, total);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template("{msg:>15} [{bar:40}] {pos}/{len}");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
