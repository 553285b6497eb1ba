//! `check`: from the options to the report and the exit code.

use super::arguments::{Check, Dump};
use super::fixing;
use crate::baseline::Baseline;
use crate::config::{Language, Override};
use crate::host::{self, Describe, Outcome, Progress, Request, Timing};
use crate::ir;
use crate::report::{Format, Invalid, Item, View, counted, items, plain, statistics};
use anstream::AutoStream;
use anyhow::{Context, Result, bail};
use clap::ColorChoice;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Runs `check`.
pub(super) fn run(options: &Check) -> Result<u8> {
    let progress = Progress::new(options.quiet);
    let request = request(options)?;
    let mut outcome = match options.fix || options.unsafe_fixes || options.dry_run {
        true => {
            let fixing = host::fix(&request, options.unsafe_fixes, &progress)?;
            progress.finish();
            if fixing::is_all(options, &fixing)? {
                return Ok(0);
            }
            fixing.outcome
        }
        false => host::check(&request, &progress)?,
    };
    if let Some(revision) = &options.diff {
        let mut caused = host::caused(&request, &outcome, revision, &progress)?.into_iter();
        outcome.findings.retain(|_| caused.next().unwrap_or(true));
    }
    let timings = progress.finish();
    if let Some(dump) = options.dump {
        return print_dump(dump, options.format, &outcome);
    }
    let language = options
        .lang
        .or(outcome.language)
        .unwrap_or_else(host::locale);
    let told = |one: &&Invalid| options.verbose || !one.trouble.is_detail();
    let invalid: Vec<Invalid> = outcome.invalid.iter().filter(told).cloned().collect();
    let mut items = items(&outcome.files, &outcome.findings, &invalid, language);
    if let Some(path) = &options.write_baseline {
        return write_baseline(path, &Baseline::of(&items, &outcome.files), language);
    }
    if let Some(path) = &options.baseline {
        let mut new = new_ones(path, &items, &outcome)?.into_iter();
        items.retain(|_| new.next().unwrap_or(true));
    }
    if options.format == Format::Html {
        host::add_ages(&mut items, &outcome.files);
    }
    let view = View {
        files: &outcome.files,
        items: &items,
        language,
        colour: options.output.is_none() && wants_colour(options.color),
    };
    complain(&view);
    deliver(options, &view)?;
    if options.verbose {
        tell_timings(&timings);
    }
    if !options.quiet {
        summarize(options, &view, &outcome);
    }
    let is_clean = view.findings().next().is_none() || options.exit_zero;
    Ok(u8::from(!is_clean))
}

fn write_baseline(path: &Path, baseline: &Baseline, language: Language) -> Result<u8> {
    host::write_file(path, baseline.text()?.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let (count, path) = (baseline.count(), path.display());
    let line = match language {
        Language::English => format!("{} written to {path}", counted(count, "finding")),
        Language::Chinese => format!("{count} 个问题已写入 {path}"),
    };
    let _ = writeln!(io::stderr(), "{line}");
    Ok(0)
}

/// Which items a baseline does not hold.
fn new_ones(path: &Path, items: &[Item], outcome: &Outcome) -> Result<Vec<bool>> {
    let text = host::read_text(path).with_context(|| format!("cannot read {}", path.display()))?;
    let baseline = Baseline::parse(&text).with_context(|| path.display().to_string())?;
    // Where the repository starts is known from any of its files.
    let root = outcome
        .files
        .iter()
        .find_map(|file| file.absolute.strip_suffix(&file.repository));
    let exists = |name: &str| host::exists(&Path::new(root.unwrap_or("")).join(name));
    Ok(baseline.new_ones(items, &outcome.files, &exists))
}

/// Writes what the analysis sees of each file.
fn print_dump(dump: Dump, format: Format, outcome: &Outcome) -> Result<u8> {
    let mut out = BufWriter::new(io::stdout().lock());
    match dump {
        Dump::Ir => {
            for (file, module) in &outcome.modules {
                let file = &outcome.files[file.0 as usize];
                writeln!(out, "# {}\n{}", plain(&file.display), ir::dump(module))?;
            }
        }
        Dump::Calls if format == Format::Json => serde_json::to_writer(&mut out, &outcome.calls)?,
        Dump::Calls => {
            for (caller, callees) in &outcome.calls {
                for callee in callees {
                    writeln!(out, "{} {}", plain(caller), plain(callee))?;
                }
            }
        }
        Dump::Summaries => {
            for line in &outcome.summaries {
                writeln!(out, "{}", plain(line))?;
            }
        }
    }
    out.flush()?;
    Ok(0)
}

fn request(options: &Check) -> Result<Request> {
    let is_dash = |path: &std::path::PathBuf| path == Path::new("-");
    let stdin = match &options.stdin_filename {
        Some(name) => Some(name.clone()),
        None if options.paths.iter().any(is_dash) => Some("stdin.py".into()),
        None => None,
    };
    if options.statistics
        && !matches!(
            options.format,
            Format::Text | Format::Concise | Format::Json
        )
    {
        bail!("--statistics is written as text or as json, not in this format");
    }
    Ok(Request {
        paths: options.paths.clone(),
        stdin,
        unsaved: BTreeMap::new(),
        force_exclude: options.force_exclude,
        command: Override {
            paths: Vec::new(),
            select: (!options.select.is_empty()).then(|| options.select.clone()),
            ignore: options.ignore.clone(),
            pedantic: options.pedantic.then_some(true),
            min_confidence: options.min_confidence,
            python: options.python,
        },
        exclude: options.exclude.clone(),
        config: options.config.clone(),
        root: options.project_root.clone(),
        threads: options.threads,
        cache: !options.no_cache,
        view: options.dump.map(|dump| match dump {
            Dump::Ir => Describe::Ir,
            Dump::Calls => Describe::Calls,
            Dump::Summaries => Describe::Summaries,
        }),
    })
}

fn wants_colour(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}

/// Says on standard error which files could not be analyzed.
fn complain(view: &View<'_>) {
    let mut err = io::stderr().lock();
    for item in view.items.iter().filter(|item| item.rule.is_none()) {
        let file = plain(&view.file(item.spot.file).display);
        let start = item.spot.start;
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(
            err,
            "pothole: {file}:{}:{}: {}",
            start.row,
            start.column,
            plain(&item.message)
        );
    }
}

fn deliver(options: &Check, view: &View<'_>) -> Result<()> {
    match &options.output {
        Some(path) => {
            let mut content = Vec::new();
            write(options, view, &mut content)?;
            host::write_file(path, &content)
                .with_context(|| format!("cannot write {}", path.display()))
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            write(options, view, &mut out)
                .and_then(|()| out.flush())
                .context("cannot write to standard output")
        }
    }
}

fn write(options: &Check, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    match (options.statistics, options.format) {
        (true, Format::Json) => statistics::write_json(view, out),
        (true, _) => statistics::write_table(view, out),
        (false, format) => format.write(view, out),
    }
}

fn tell_timings(timings: &[Timing]) {
    let mut err = io::stderr().lock();
    for timing in timings {
        let milliseconds = timing.duration.as_secs_f64() * 1000.0;
        let _ = writeln!(err, "{milliseconds:>9.1} ms  {}", timing.name);
    }
}

/// The last line for a reader at a terminal; machines read the report.
fn summarize(options: &Check, view: &View<'_>, outcome: &Outcome) {
    if !matches!(options.format, Format::Text | Format::Concise) {
        return;
    }
    let findings = view.findings().count();
    let counts = outcome.counts;
    let line = match view.language {
        Language::English => format!(
            "{} ({}, {} analyzed)",
            counted(findings, "finding"),
            counted(counts.files, "file"),
            counted(counts.lines, "line")
        ),
        Language::Chinese => format!(
            "{findings} 个问题（分析了 {} 个文件，{} 行）",
            counts.files, counts.lines
        ),
    };
    let _ = writeln!(io::stderr(), "{line}");
}
