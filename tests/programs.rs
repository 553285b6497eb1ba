//! Whole small programs: each folder of `fixtures` is analyzed as a project, and its comments say what is found.

mod common;

use common::{Piece, complaints};
use libtest_mimic::{Arguments, Failed, Trial};
use pothole::config::{self, Configuration};
use pothole::rules;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The folder of files that once crashed or lied: each is a program of its own, and only has to come back.
const WILD: &str = "wild";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut trials = Vec::new();
    for folder in folders(&fixtures)? {
        let name = folder.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        if name == WILD {
            trials.extend(wild(&folder)?);
        } else {
            trials.push(Trial::test(name, move || program(&folder)));
        }
    }
    Ok(libtest_mimic::run(&Arguments::from_args(), trials).exit_code())
}

fn folders(fixtures: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(fixtures)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The files below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, walkdir::Error> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn program(folder: &Path) -> Result<(), Failed> {
    let mut pieces = Vec::new();
    for path in files(folder)? {
        let is_python = path
            .extension()
            .is_some_and(|end| end == "py" || end == "pyi");
        if is_python {
            let relative = path
                .strip_prefix(folder)?
                .to_string_lossy()
                .replace('\\', "/");
            pieces.push(Piece {
                path: relative,
                code: fs::read(&path)?,
                dialect: None,
            });
        }
    }
    match complaints(&pieces, &configuration(folder)?).as_slice() {
        [] => Ok(()),
        wrong => Err(wrong.join("\n").into()),
    }
}

/// What `fixture.toml` says: the keys are those of `pothole.toml`.
fn configuration(folder: &Path) -> Result<Configuration, Failed> {
    let path = folder.join("fixture.toml");
    if !path.exists() {
        return Ok(Configuration::default());
    }
    Ok(config::parse(&fs::read_to_string(path)?, &rules::names())?)
}

fn wild(folder: &Path) -> Result<Vec<Trial>, walkdir::Error> {
    let trial = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        Trial::test(format!("{WILD}/{name}"), move || survive(&path))
    };
    Ok(files(folder)?.into_iter().map(trial).collect())
}

fn survive(path: &Path) -> Result<(), Failed> {
    let piece = Piece {
        path: "wild.py".to_owned(),
        code: fs::read(path)?,
        dialect: None,
    };
    let everything = Configuration {
        pedantic: true,
        min_confidence: pothole::finding::Confidence::Low,
        ..Configuration::default()
    };
    // What is found does not matter here, only that something comes back.
    drop(complaints(&[piece], &everything));
    Ok(())
}
