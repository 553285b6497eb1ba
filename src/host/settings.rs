//! Which configuration governs which file.

use super::{Fault, paths};
use crate::config::{self, Configuration, Override};
use crate::rules;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Configurations, read as files ask for them.
pub(super) struct Settings {
    loaded: Vec<Loaded>,
    folders: FxHashMap<PathBuf, Option<usize>>,
    command: Override,
    exclude: Patterns,
    /// `--config`: governs everything.
    fixed: bool,
    /// Which of `configurations` an origin and the overrides that match lead to.
    resolved: BTreeMap<(Option<usize>, Vec<bool>), usize>,
    /// What the files are governed by.
    pub(super) configurations: Vec<Configuration>,
}

/// What governs a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Governing {
    /// An index into `configurations`.
    pub(super) configuration: usize,
    /// Left out, unless it is named.
    pub(super) is_excluded: bool,
}

struct Loaded {
    configuration: Configuration,
    exclude: Patterns,
    overrides: Vec<Patterns>,
}

/// Patterns in the syntax of `.gitignore`, and the folder that they are relative to.
struct Patterns {
    folder: PathBuf,
    matcher: Gitignore,
}

impl Settings {
    /// Settings with what the command line says: its options, `--exclude` and `--config`.
    pub(super) fn new(
        command: Override,
        exclude: &[String],
        file: Option<&Path>,
        current: &Path,
    ) -> Result<Self, Fault> {
        let loaded = match file {
            Some(path) => {
                let configuration = read(path)?.unwrap_or_default();
                vec![Loaded::new(configuration, current)?]
            }
            None => Vec::new(),
        };
        Ok(Self {
            fixed: !loaded.is_empty(),
            loaded,
            folders: FxHashMap::default(),
            command,
            exclude: Patterns::new(exclude, current)?,
            resolved: BTreeMap::new(),
            configurations: Vec::new(),
        })
    }

    /// What governs a file.
    pub(super) fn of(&mut self, file: &Path) -> Result<Governing, Fault> {
        let origin = match (self.fixed, file.parent()) {
            (true, _) => Some(0),
            (false, Some(folder)) => self.nearest(folder)?,
            (false, None) => None,
        };
        let loaded = origin.map(|index| &self.loaded[index]);
        let is_excluded =
            self.exclude.matches(file) || loaded.is_some_and(|loaded| loaded.exclude.matches(file));
        let matching = loaded.map(|loaded| loaded.matching(file));
        Ok(Governing {
            configuration: self.resolve(origin, matching.unwrap_or_default()),
            is_excluded,
        })
    }

    fn resolve(&mut self, origin: Option<usize>, matching: Vec<bool>) -> usize {
        let key = (origin, matching);
        if let Some(&index) = self.resolved.get(&key) {
            return index;
        }
        let mut configuration = match key.0 {
            Some(index) => self.loaded[index].configuration.clone(),
            None => Configuration::default(),
        };
        let overrides = std::mem::take(&mut configuration.overrides);
        for (one, applies) in overrides.iter().zip(&key.1) {
            if *applies {
                configuration.apply(one);
            }
        }
        configuration.apply(&self.command);
        self.configurations.push(configuration);
        let index = self.configurations.len() - 1;
        self.resolved.insert(key, index);
        index
    }

    /// The nearest configuration at or above a folder.
    fn nearest(&mut self, folder: &Path) -> Result<Option<usize>, Fault> {
        if let Some(&known) = self.folders.get(folder) {
            return Ok(known);
        }
        let found = match in_folder(folder)? {
            Some(configuration) => {
                self.loaded.push(Loaded::new(configuration, folder)?);
                Some(self.loaded.len() - 1)
            }
            None => match folder.parent() {
                Some(above) => self.nearest(above)?,
                None => None,
            },
        };
        self.folders.insert(folder.to_owned(), found);
        Ok(found)
    }
}

impl Loaded {
    fn new(configuration: Configuration, folder: &Path) -> Result<Self, Fault> {
        let overrides = configuration.overrides.iter();
        Ok(Self {
            exclude: Patterns::new(&configuration.exclude, folder)?,
            overrides: overrides
                .map(|one| Patterns::new(&one.paths, folder))
                .collect::<Result<_, _>>()?,
            configuration,
        })
    }

    fn matching(&self, file: &Path) -> Vec<bool> {
        self.overrides
            .iter()
            .map(|patterns| patterns.matches(file))
            .collect()
    }
}

impl Patterns {
    fn new(patterns: &[String], folder: &Path) -> Result<Self, Fault> {
        let mut builder = GitignoreBuilder::new(folder);
        let fault = |pattern: &str, error| Fault::Pattern {
            pattern: pattern.to_owned(),
            error,
        };
        for pattern in patterns {
            builder
                .add_line(None, pattern)
                .map_err(|error| fault(pattern, error))?;
        }
        let matcher = builder
            .build()
            .map_err(|error| fault(&patterns.join(" "), error))?;
        Ok(Self {
            folder: folder.to_owned(),
            matcher,
        })
    }

    fn matches(&self, file: &Path) -> bool {
        match file.strip_prefix(&self.folder) {
            Ok(path) => self
                .matcher
                .matched_path_or_any_parents(path, false)
                .is_ignore(),
            Err(_) => false,
        }
    }
}

/// The configuration of a folder itself, if it has one.
fn in_folder(folder: &Path) -> Result<Option<Configuration>, Fault> {
    match read(&folder.join("pothole.toml"))? {
        Some(configuration) => Ok(Some(configuration)),
        None => read(&folder.join("pyproject.toml")),
    }
}

/// Which of these files are configurations that say something else in one tree than in the other.
pub fn reconfigured<'a>(trees: [&Path; 2], changed: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_setting = |path: &&str| {
        let name = path.rsplit('/').next();
        matches!(name, Some("pothole.toml" | "pyproject.toml"))
    };
    let differs = |path: &&str| {
        // What cannot be read fails the run elsewhere, or governs nothing.
        let [one, other] = trees.map(|tree| read(&tree.join(path)).ok().flatten());
        one != other
    };
    let changed = changed.filter(is_setting).filter(differs);
    changed.map(str::to_owned).collect()
}

/// Reads a configuration. Nothing comes back where there is no such file, or a `pyproject.toml` that does not speak of
/// us: those of strangers may be broken.
fn read(path: &Path) -> Result<Option<Configuration>, Fault> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => {
            return Err(Fault::UnreadableConfiguration {
                path: path.to_owned(),
                error,
            });
        }
    };
    let rules = rules::names();
    let parsed = match path
        .file_name()
        .is_some_and(|name| name == "pyproject.toml")
    {
        true if !text.contains("tool.pothole") => Ok(None),
        true => config::parse_pyproject(&text, &rules),
        false => config::parse(&text, &rules).map(Some),
    };
    parsed.map_err(|error| Fault::Configuration {
        path: path.to_owned(),
        error,
    })
}

/// The largest configuration that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Reads a configuration, unless it is none: a pipe would keep us waiting, a device never ends.
fn read_text(path: &Path) -> io::Result<String> {
    let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    if !fs::metadata(path)?.is_file() {
        return Err(refused("it is no regular file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?
        .take(LARGEST + 1)
        .read_to_string(&mut text)?;
    match read as u64 > LARGEST {
        true => Err(refused("it is larger than 1 MiB")),
        false => Ok(text),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The path of a configuration named on the command line.
pub(super) fn named(path: &Path) -> Result<PathBuf, Fault> {
    paths::existing(path)
}
