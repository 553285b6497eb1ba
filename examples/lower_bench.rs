//! Times the parser alone and the whole lowering over every Python file below the given folders, on one thread.
//!
//! Each file is taken several times in turns, and the fastest counts: so other work on the machine disturbs little.

use std::io::Write;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 5;

fn main() -> std::io::Result<()> {
    let mut sources = Vec::new();
    for folder in std::env::args().skip(1) {
        for entry in walkdir::WalkDir::new(folder)
            .sort_by_file_name()
            .into_iter()
            .flatten()
        {
            if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "py")
                && entry.file_type().is_file()
            {
                sources.push(std::fs::read(entry.path())?);
            }
        }
    }
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let (mut parse, mut flat, mut lower) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for source in &sources {
        let mut best = [Duration::MAX; 3];
        for _ in 0..ROUNDS {
            best[0] = best[0].min(timed(|| pothole::syntax::parse_only(source)));
            best[1] = best[1].min(timed(|| drop(pothole::syntax::parse(source))));
            best[2] = best[2].min(timed(|| drop(pothole::lower::lower(source, None))));
        }
        parse += best[0];
        flat += best[1];
        lower += best[2];
    }
    let ratio = |time: Duration| time.as_secs_f64() / parse.as_secs_f64();
    writeln!(
        std::io::stdout().lock(),
        "{} files, {:.1} MB: parse {parse:.2?}, flat tree {flat:.2?} ({:.2}), lower {lower:.2?} ({:.2})",
        sources.len(),
        bytes as f64 / 1e6,
        ratio(flat),
        ratio(lower)
    )
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
