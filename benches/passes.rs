//! What each pass costs, over the Python files below the folder in `POTHOLE_BENCH`, or else over the project's own
//! fixtures.
//!
//!     POTHOLE_BENCH=path/to/package cargo bench

use divan::Bencher;
use pothole::analyze::{Source, Unattended, analyze};
use pothole::config::{Configuration, Language};
use pothole::infer;
use pothole::library::Library;
use pothole::lower::lower;
use pothole::project::{CallGraph, Program};
use pothole::report::{File, Format, View, items};
use pothole::summary::Summary;
use pothole::syntax;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Input {
    files: Vec<(String, Arc<[u8]>)>,
    sources: Vec<Source>,
}

static INPUT: LazyLock<Input> = LazyLock::new(|| {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let root = std::env::var_os("POTHOLE_BENCH").map_or_else(own, PathBuf::from);
    let entries = walkdir::WalkDir::new(&root).sort_by_file_name();
    let python = entries.into_iter().flatten().filter(|entry| {
        let is_python = entry.path().extension().is_some_and(|end| end == "py");
        is_python && entry.file_type().is_file()
    });
    let files: Vec<(String, Arc<[u8]>)> = python
        .filter_map(|entry| {
            let content = std::fs::read(entry.path()).ok()?;
            let path = entry.path().strip_prefix(&root).ok()?;
            Some((path.to_string_lossy().replace('\\', "/"), content.into()))
        })
        .collect();
    let sources = files
        .iter()
        .map(|(path, content)| Source {
            path: path.clone(),
            module: Arc::new(lower(content, None)),
            reported: true,
            configuration: 0,
        })
        .collect();
    Input { files, sources }
});

fn main() {
    divan::main();
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let input = &*INPUT;
    bencher.bench(|| {
        for (_, content) in &input.files {
            syntax::parse_only(content);
        }
    });
}

#[divan::bench(name = "parse and lower")]
fn parse_and_lower(bencher: Bencher<'_, '_>) {
    let input = &*INPUT;
    bencher.bench(|| {
        for (_, content) in &input.files {
            divan::black_box(lower(content, None));
        }
    });
}

#[divan::bench]
fn link(bencher: Bencher<'_, '_>) {
    let input = &*INPUT;
    bencher.bench(|| {
        let program = Program::link(&input.sources, Library::builtin());
        divan::black_box(CallGraph::of(&program).sites.len())
    });
}

#[divan::bench]
fn summarize(bencher: Bencher<'_, '_>) {
    let input = &*INPUT;
    let program = Program::link(&input.sources, Library::builtin());
    let graph = CallGraph::of(&program);
    bencher.bench(|| {
        let mut summaries = vec![Summary::default(); program.function_count()];
        for layer in graph.layers() {
            for members in layer {
                for (function, summary) in infer::summarize(&program, &graph, &summaries, &members)
                {
                    summaries[function.0 as usize] = summary;
                }
            }
        }
        summaries
    });
}

#[divan::bench(name = "link, summarize and check")]
fn all(bencher: Bencher<'_, '_>) {
    let input = &*INPUT;
    bencher.bench(|| analyze(&input.sources, &[Configuration::default()], &Unattended));
}

#[divan::bench]
fn report(bencher: Bencher<'_, '_>) {
    let input = &*INPUT;
    let found = analyze(&input.sources, &[Configuration::default()], &Unattended);
    let found = found.map(|report| report.findings).unwrap_or_default();
    let files: Vec<File> = input
        .files
        .iter()
        .map(|(path, content)| File {
            absolute: path.clone(),
            display: path.clone(),
            repository: path.clone(),
            source: Arc::clone(content),
            ..File::default()
        })
        .collect();
    bencher.bench(|| {
        let items = items(&files, &found, &[], Language::English);
        let view = View {
            files: &files,
            items: &items,
            language: Language::English,
            colour: false,
        };
        let mut out = Vec::new();
        Format::Json.write(&view, &mut out).map(|()| out)
    });
}
