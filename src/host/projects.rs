//! Which projects the paths of a command line belong to, and which files those consist of.

use super::Fault;
use super::walk::{Walked, is_package, walk, walk_to};
use crate::report::Trouble;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files that make a folder the root of a project.
const MARKERS: &[&str] = &[
    "pothole.toml",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    ".git",
];

/// Folders that hold copies of other people's code.
const VENDORED: &[&str] = &["_vendor", "_vendored", "third_party", "vendor", "vendored"];

/// A path of the command line.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// Full and real.
    pub(super) path: PathBuf,
    /// A folder, or a file.
    pub(super) is_folder: bool,
}

/// What is to be analyzed, and what of it is reported.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The files of each project by its root. No file is in two of them.
    pub(super) projects: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Files that are reported on.
    pub(super) reported: BTreeSet<PathBuf>,
    /// Files that were named one by one.
    pub(super) named: BTreeSet<PathBuf>,
    /// Folders that could not be looked into.
    pub(super) troubles: BTreeMap<PathBuf, Trouble>,
    /// What was found below each folder that was walked.
    walked: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

/// Where a path belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Home {
    /// A project, with everything below its root.
    Project(PathBuf),
    /// A package outside of any project: only the package, but named from the folder above it.
    Package(PathBuf),
    /// A folder outside of any project: the projects below it, and what lies between them.
    Folder(PathBuf),
    /// A file outside of any project: the files beside it, and the packages that it could import from there.
    Script(PathBuf),
}

/// Finds the projects of some paths.
pub(super) fn plan(arguments: &[Argument], root: Option<&Path>) -> Result<Plan, Fault> {
    let mut plan = Plan::default();
    let mut homes: BTreeMap<Home, BTreeSet<PathBuf>> = BTreeMap::new();
    for argument in arguments {
        let files = plan.select(argument);
        let home = match root {
            Some(root) if argument.path.starts_with(root) => Home::Project(root.to_owned()),
            Some(root) => {
                return Err(Fault::OutsideRoot {
                    path: argument.path.clone(),
                    root: root.to_owned(),
                });
            }
            None => home(argument),
        };
        homes.entry(home).or_default().extend(files);
    }
    for (home, files) in homes {
        plan.add(&home, files);
    }
    plan.separate();
    Ok(plan)
}

impl Plan {
    /// The files that an argument asks to be reported on.
    fn select(&mut self, argument: &Argument) -> BTreeSet<PathBuf> {
        let files: BTreeSet<PathBuf> = match argument.is_folder {
            true => self.walk(&argument.path),
            false => BTreeSet::from([argument.path.clone()]),
        };
        if !argument.is_folder {
            self.named.insert(argument.path.clone());
        }
        let own = files
            .iter()
            .filter(|file| !is_vendored(file, &argument.path));
        self.reported.extend(own.cloned());
        files
    }

    /// What is below a folder. It is walked once, however many arguments ask.
    fn walk(&mut self, folder: &Path) -> BTreeSet<PathBuf> {
        if let Some(files) = self.walked.get(folder) {
            return files.clone();
        }
        let files = self.collect(walk(folder));
        self.walked.insert(folder.to_owned(), files.clone());
        files
    }

    fn collect(&mut self, walked: Walked) -> BTreeSet<PathBuf> {
        self.troubles.extend(walked.troubles);
        walked.files.into_iter().collect()
    }

    fn add(&mut self, home: &Home, selected: BTreeSet<PathBuf>) {
        match home {
            Home::Project(root) => {
                let files = self.walk(root);
                self.extend(root, files);
                self.extend(root, selected);
            }
            Home::Package(top) => {
                let root = top.parent().unwrap_or(top).to_owned();
                let files = self.walk(top);
                self.extend(&root, files);
                self.extend(&root, selected);
            }
            Home::Script(folder) => {
                let files = self.beside(folder);
                self.extend(folder, files);
                self.extend(folder, selected);
            }
            Home::Folder(folder) => self.split(folder, selected),
        }
    }

    fn extend(&mut self, root: &Path, files: BTreeSet<PathBuf>) {
        self.projects
            .entry(root.to_owned())
            .or_default()
            .extend(files);
    }

    /// The files of a folder and of the packages in it.
    fn beside(&mut self, folder: &Path) -> BTreeSet<PathBuf> {
        let mut files = self.collect(walk_to(folder, Some(1)));
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let packages = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path())
            .filter(|path| is_package(path));
        for package in packages.collect::<BTreeSet<_>>() {
            files.extend(self.walk(&package));
        }
        files
    }

    /// Files below a folder that is in no project: each belongs to the outermost project below the folder.
    fn split(&mut self, folder: &Path, files: BTreeSet<PathBuf>) {
        let mut known: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for file in files {
            let above: Vec<&Path> = file
                .ancestors()
                .skip(1)
                .take_while(|above| above.starts_with(folder))
                .collect();
            let root = above.iter().rev().find(|above| {
                *known
                    .entry(above.to_path_buf())
                    .or_insert_with(|| is_root(above) || is_unpacked_wheel(above))
            });
            let root = root.map_or(folder, |root| *root).to_owned();
            self.projects.entry(root).or_default().insert(file);
        }
    }

    /// Leaves each file to the outermost of the projects that want it.
    fn separate(&mut self) {
        let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
        for files in self.projects.values_mut() {
            files.retain(|file| seen.insert(file.clone()));
        }
        self.projects.retain(|_, files| !files.is_empty());
    }
}

/// Whether a file below a folder stands in a copy of somebody else's code: it is read, as others call it, and who
/// keeps the copy is not told what to change in it.
fn is_vendored(file: &Path, folder: &Path) -> bool {
    let below = file.strip_prefix(folder).unwrap_or(Path::new(""));
    let mut parts = below.parent().into_iter().flat_map(Path::iter);
    parts.any(|part| VENDORED.iter().any(|name| part == *name))
}

fn home(argument: &Argument) -> Home {
    let folder = match argument.is_folder {
        true => argument.path.as_path(),
        false => argument.path.parent().unwrap_or(&argument.path),
    };
    if let Some(root) = folder.ancestors().find(|folder| is_root(folder)) {
        return Home::Project(root.to_owned());
    }
    let packages = folder.ancestors().take_while(|folder| is_package(folder));
    match (packages.last(), argument.is_folder) {
        (Some(top), _) => Home::Package(top.to_owned()),
        (None, true) => Home::Folder(folder.to_owned()),
        (None, false) => Home::Script(folder.to_owned()),
    }
}

/// Whether a folder is the root of a project. A package is none, even with a `setup.py` of its own: the build
/// scripts of old numerical libraries stand in every package.
fn is_root(folder: &Path) -> bool {
    let markers = match is_package(folder) {
        true => &["pothole.toml", ".git"],
        false => MARKERS,
    };
    markers.iter().any(|marker| folder.join(marker).exists())
}

/// Whether a folder is what a wheel unpacks to. A folder that many are installed into looks the same, so this counts
/// only on the way down.
fn is_unpacked_wheel(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|suffix| suffix == "dist-info"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;
    use std::fs;
    use tempfile::TempDir;

    /// A folder with empty files in it.
    fn tree(files: &[&str]) -> Result<TempDir, Box<dyn Error>> {
        let tree = TempDir::new()?;
        for file in files {
            let path = tree.path().join(file);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, "")?;
        }
        Ok(tree)
    }

    /// The projects of some paths, as `root: files`, and how many files are reported on.
    fn planned(tree: &TempDir, paths: &[&str]) -> Result<(Vec<String>, usize), Box<dyn Error>> {
        let base = dunce::canonicalize(tree.path())?;
        let arguments: Vec<Argument> = paths
            .iter()
            .map(|path| {
                let path: PathBuf = base.join(path).components().collect();
                let is_folder = path.is_dir();
                Argument { path, is_folder }
            })
            .collect();
        let plan = plan(&arguments, None)?;
        let show = |(root, files): (&PathBuf, &BTreeSet<PathBuf>)| {
            let name = |path: &Path| {
                let relative = path.strip_prefix(&base).unwrap_or(path);
                relative.to_string_lossy().replace('\\', "/")
            };
            let inside = |file: &PathBuf| {
                let relative = file.strip_prefix(root).unwrap_or(file);
                relative.to_string_lossy().replace('\\', "/")
            };
            let files: Vec<String> = files.iter().map(inside).collect();
            format!("{}: {}", name(root), files.join(" "))
        };
        Ok((
            plan.projects.iter().map(show).collect(),
            plan.reported.len(),
        ))
    }

    #[test]
    fn a_file_brings_its_whole_project() -> Result<(), Box<dyn Error>> {
        let tree = tree(&[
            "p/setup.py",
            "p/a/__init__.py",
            "p/a/setup.py",
            "p/a/b.py",
            "p/c.py",
        ])?;
        let whole = "p: a/__init__.py a/b.py a/setup.py c.py setup.py".to_owned();
        assert_eq!(planned(&tree, &["p/a/b.py"])?, (vec![whole.clone()], 1));
        assert_eq!(
            planned(&tree, &["p/a", "p/c.py"])?,
            (vec![whole.clone()], 4)
        );
        assert_eq!(planned(&tree, &["p"])?, (vec![whole], 5));
        Ok(())
    }

    #[test]
    fn copies_of_others_code_are_read_and_reported_on_only_where_asked_for()
    -> Result<(), Box<dyn Error>> {
        let tree = tree(&[
            "p/setup.py",
            "p/a.py",
            "p/_vendor/six.py",
            "p/_vendor/x/b.py",
        ])?;
        let whole = "p: _vendor/six.py _vendor/x/b.py a.py setup.py".to_owned();
        assert_eq!(planned(&tree, &["p"])?, (vec![whole.clone()], 2));
        assert_eq!(planned(&tree, &["p/_vendor"])?, (vec![whole.clone()], 2));
        assert_eq!(planned(&tree, &["p/_vendor/six.py"])?, (vec![whole], 1));
        Ok(())
    }

    #[test]
    fn a_folder_of_projects_is_several() -> Result<(), Box<dyn Error>> {
        let tree = tree(&[
            "one/pyproject.toml",
            "one/a.py",
            "one/sub/setup.py",
            "two/thing-1.0.dist-info/METADATA",
            "two/thing/b.py",
            "loose/c.py",
        ])?;
        let projects = [": loose/c.py", "one: a.py sub/setup.py", "two: thing/b.py"];
        assert_eq!(
            planned(&tree, &["."])?,
            (projects.map(str::to_owned).to_vec(), 4)
        );
        Ok(())
    }

    #[test]
    fn a_project_inside_another_is_part_of_it() -> Result<(), Box<dyn Error>> {
        let tree = tree(&["p/setup.py", "p/sub/setup.py", "p/sub/a.py"])?;
        let whole = "p: setup.py sub/a.py sub/setup.py".to_owned();
        assert_eq!(planned(&tree, &["p", "p/sub"])?, (vec![whole], 3));
        let inner = "p/sub: a.py setup.py".to_owned();
        assert_eq!(planned(&tree, &["p/sub"])?, (vec![inner], 2));
        Ok(())
    }

    #[test]
    fn outside_of_any_project_its_own_folder_is_the_project() -> Result<(), Box<dyn Error>> {
        let tree = tree(&[
            "lib/pkg/__init__.py",
            "lib/pkg/sub/__init__.py",
            "lib/pkg/sub/a.py",
            "lib/other/__init__.py",
            "lib/script.py",
            "lib/data/b.py",
        ])?;
        let package = "lib: pkg/__init__.py pkg/sub/__init__.py pkg/sub/a.py".to_owned();
        assert_eq!(planned(&tree, &["lib/pkg/sub/a.py"])?, (vec![package], 1));
        let script =
            "lib: other/__init__.py pkg/__init__.py pkg/sub/__init__.py pkg/sub/a.py script.py";
        assert_eq!(
            planned(&tree, &["lib/script.py"])?,
            (vec![script.to_owned()], 1)
        );
        Ok(())
    }
}
