//! What an edit of one file costs where the project was analyzed before, as the language server has it.
//!
//!     keystroke [--threads N] [--edits N] FOLDER
//!
//! A line is put into the middle of a file of about two thousand lines, and taken out again, over and over. Times are of
//! the processor, all threads together, as Linux counts them.

use pothole::analyze::{Previous, Source, Unattended, analyze_again};
use pothole::config::Configuration;
use pothole::lower::lower;
use rayon::prelude::*;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Fault = Box<dyn Error + Send + Sync>;

/// The file that is edited is the one whose length comes nearest to this.
const LINES: usize = 2000;

/// What `/proc/self/stat` counts in.
const TICKS: f64 = 100.0;

fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let (mut threads, mut edits, mut folder) = (0, 20, None);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().ok_or("a number is missing");
        match argument.as_str() {
            "--threads" => threads = number()?.parse()?,
            "--edits" => edits = number()?.parse()?,
            _ => folder = Some(argument),
        }
    }
    let folder = folder.ok_or("which folder?")?;
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(16 << 20)
        .build()?;
    threads.install(|| run(Path::new(&folder), edits))
}

fn run(folder: &Path, edits: usize) -> Result<(), Fault> {
    let texts = texts(folder);
    let mut sources: Vec<Source> = { texts.par_iter() }
        .map(|(path, text)| source(path, text))
        .collect();
    let at = (0..texts.len())
        .min_by_key(|&at| sources[at].module.lines.count().abs_diff(LINES as u32))
        .ok_or("there is no Python here")?;
    let mut previous = None;
    let start = cpu()?;
    analyzed(&sources, &mut previous)?;
    let cold = cpu()? - start;
    let (path, text) = &texts[at];
    let edited = edited(text);
    let functions: usize = { sources.iter() }
        .map(|source| source.module.functions.len())
        .sum();
    let (mut reused, start) = (0, cpu()?);
    for edit in 0..edits {
        sources[at] = source(path, if edit % 2 == 0 { &edited } else { text });
        analyzed(&sources, &mut previous)?;
        reused += previous.as_ref().map_or(0, Previous::reused);
    }
    let edits = edits.max(1);
    let each = (cpu()? - start) / edits as f64;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} files, {functions} functions; edited: {path}; the analysis of all {cold:.2} s, of an edit {each:.3} s; \
         reused: {} functions",
        sources.len(),
        reused / edits
    )?;
    Ok(())
}

fn analyzed(sources: &[Source], previous: &mut Option<Previous>) -> Result<(), Fault> {
    analyze_again(sources, &[Configuration::default()], previous, &Unattended)?;
    Ok(())
}

fn edited(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let (before, behind) = lines.split_at(lines.len() / 2);
    [before.concat(), b"# An edit.\n".to_vec(), behind.concat()].concat()
}

fn source(path: &str, text: &[u8]) -> Source {
    Source {
        path: path.to_owned(),
        module: Arc::new(lower(text, None)),
        reported: true,
        configuration: 0,
    }
}

fn texts(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name();
    let python = entries.into_iter().flatten().filter(|entry| {
        let is_python = entry.path().extension().is_some_and(|end| end == "py");
        is_python && entry.file_type().is_file()
    });
    let text = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(folder).ok()?.to_string_lossy();
        Some((path.replace('\\', "/"), std::fs::read(entry.path()).ok()?))
    };
    python.filter_map(text).collect()
}

/// Seconds of the processor that this process took.
fn cpu() -> Result<f64, Fault> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind = stat.rsplit_once(") ").ok_or("no such line")?.1;
    let fields: Vec<&str> = behind.split(' ').collect();
    let ticks = |at: usize| -> Result<f64, Fault> { Ok(fields.get(at).ok_or("too few")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}
