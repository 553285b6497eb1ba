//! The command line: one function for each subcommand.

mod arguments;
mod check;
mod fixing;
mod init;
#[cfg(feature = "bot")]
mod review;

use anyhow::{Context, Result, anyhow};
use arguments::{Arguments, CacheAction, Command, List};
use clap::{CommandFactory, Parser};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::config::{Language, unknown_rule};
use crate::host;
use crate::page;
use crate::report::documentation;
use crate::rules;

/// Runs the command line; the number is the exit code.
///
/// # Errors
/// If it could not do what was asked: exit code 2.
pub fn run() -> Result<u8> {
    match Arguments::parse().command {
        Command::Check(options) => check::run(&options),
        #[cfg(feature = "bot")]
        Command::Review(options) => review::run(&options),
        Command::Explain { rule, lang } => explain(&rule, lang),
        Command::Rules { format, lang } => list(format, lang),
        Command::Init { print } => init::run(print),
        Command::Server { stdio: _ } => Ok(host::serve()?),
        Command::Cache { what } => cache(what),
        Command::Completions { shell } => completions(shell),
        Command::Man { folder } => man(&folder),
    }
}

/// Shows a rule's page.
fn explain(name: &str, language: Option<Language>) -> Result<u8> {
    let names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let rule = rules::find(name).ok_or_else(|| anyhow!(unknown_rule(name, &names)))?;
    let language = language.unwrap_or_else(host::locale);
    print(&page::of(rule).manual(rule, language))
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    family: &'static str,
    severity: crate::finding::Severity,
    summary: &'static str,
    url: String,
}

/// Lists the rules.
fn list(format: List, language: Option<Language>) -> Result<u8> {
    let language = language.unwrap_or_else(host::locale);
    let rows: Vec<Listed> = rules::ALL
        .iter()
        .map(|rule| Listed {
            name: rule.name,
            family: rule.family.name(),
            severity: rule.severity,
            summary: page::of(rule).summary.text(language),
            url: documentation(rule),
        })
        .collect();
    match format {
        List::Json => print(&format!("{}\n", serde_json::to_string_pretty(&rows)?)),
        List::Text => {
            let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
            let line = |row: &Listed| format!("{:<width$}  {}\n", row.name, row.summary);
            print(&rows.iter().map(line).collect::<String>())
        }
    }
}

/// Shows or empties the cache.
fn cache(what: CacheAction) -> Result<u8> {
    let none = "no folder for a cache: neither POTHOLE_CACHE_DIR nor a home is set";
    let folder = host::cache::folder().context(none)?;
    match what {
        CacheAction::Dir => print(&format!("{}\n", folder.display())),
        CacheAction::Clean => {
            let failed = || format!("cannot empty {}", folder.display());
            host::cache::clean(&folder).with_context(failed)?;
            Ok(0)
        }
    }
}

/// Writes a man page for each subcommand.
fn man(folder: &Path) -> Result<u8> {
    host::create_folder(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder))
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    Ok(0)
}

/// Writes what a shell needs to complete this command line.
fn completions(shell: clap_complete::Shell) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "pothole", &mut script);
    print(&String::from_utf8_lossy(&script))
}

fn print(text: &str) -> Result<u8> {
    let mut out = BufWriter::new(io::stdout().lock());
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(0)
}
