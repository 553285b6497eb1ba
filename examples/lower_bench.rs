//! Times the parser alone and the whole lowering over every Python file below the given folders, on one thread.

use std::io::Write;
use std::time::{Duration, Instant};

fn main() -> std::io::Result<()> {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let mut sources = Vec::new();
    for folder in &folders {
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
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} files, {:.1} MB", sources.len(), bytes as f64 / 1e6)?;
    for round in 1..=3 {
        let parse = timed(&sources, pothole::syntax::parse_only);
        let flat = timed(&sources, |source| drop(pothole::syntax::parse(source)));
        let lower = timed(&sources, |source| drop(pothole::lower::lower(source, None)));
        let ratio = |time: Duration| time.as_secs_f64() / parse.as_secs_f64();
        writeln!(
            out,
            "round {round}: parse {parse:.2?}, flat tree {flat:.2?} ({:.2}), lower {lower:.2?} ({:.2})",
            ratio(flat),
            ratio(lower)
        )?;
    }
    Ok(())
}

/// The time of all files, taken in turns with nothing else.
fn timed(sources: &[Vec<u8>], work: impl Fn(&[u8])) -> Duration {
    let start = Instant::now();
    sources.iter().for_each(|source| work(source));
    start.elapsed()
}
