//! Reads and parses every Python file below the given folders, and does nothing else: what no analysis can go below.
//!
//!     parse_only [--threads N] FOLDER…
//!
//! The allocator is the fastest that the parser was measured with.

use rayon::prelude::*;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders: Vec<String> = std::env::args().skip(1).collect();
    let mut threads = 0;
    if let Some(at) = folders.iter().position(|argument| argument == "--threads") {
        let option: Vec<String> = folders.splice(at..folders.len().min(at + 2), []).collect();
        threads = option.get(1).ok_or("--threads needs a number")?.parse()?;
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;
    let files = files(&folders);
    let bytes: usize = files
        .par_iter()
        .filter_map(|file| std::fs::read(file).ok())
        .map(|source| {
            pothole::syntax::parse_only(&source);
            source.len()
        })
        .sum();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} files, {bytes} bytes", files.len())?;
    Ok(())
}

/// The Python files, large ones first, so that no thread is left with one at the end.
fn files(folders: &[String]) -> Vec<PathBuf> {
    let entries = folders
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(folder).into_iter().flatten());
    let mut files: Vec<(u64, PathBuf)> = entries
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "py"))
        .map(|entry| {
            let length = entry.metadata().map_or(0, |metadata| metadata.len());
            (length, entry.into_path())
        })
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    files.into_iter().map(|(_, path)| path).collect()
}
