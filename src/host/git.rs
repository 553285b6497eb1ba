//! Repositories, through the program `git`: what a revision holds, and what changed between two.

mod blame;

pub use blame::add_ages;

use super::LIMIT;
use crate::diff::Diff;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use rustc_hash::FxHashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// What git could not do.
#[derive(Debug, thiserror::Error)]
pub enum GitFault {
    /// There is no such program.
    #[error("cannot start `git`: {0}")]
    Start(io::Error),
    /// It said no.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// What it was asked.
        command: String,
        /// What it said.
        message: String,
    },
    /// It said something that it does not say.
    #[error("`git {0}` wrote something unexpected")]
    Unexpected(&'static str),
    /// A revision that could be taken for an option.
    #[error("`{0}` is no revision")]
    Revision(String),
    /// The folder that a revision is laid out into.
    #[error("cannot lay out the files of a revision: {0}")]
    LayOut(io::Error),
}

/// A clone.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
    /// Goes away with the last copy of this value.
    _temporary: Option<Arc<TempDir>>,
}

/// The files of a revision that the analysis reads, in a folder that goes away with this value.
#[derive(Debug)]
pub struct LaidOut(TempDir);

impl LaidOut {
    /// The folder; it stands for the root of the repository.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A file of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    object: String,
    path: String,
}

impl Repository {
    /// The repository that a folder belongs to.
    ///
    /// # Errors
    /// If there is none, or no git.
    pub fn of(folder: &Path) -> Result<Self, GitFault> {
        let folder = dunce::canonicalize(folder).map_err(GitFault::Start)?;
        // A folder that is tracked can look like a repository without a working tree, with a configuration that names
        // programs to run. Git takes the nearest of both kinds; what cannot be tracked is the name `.git`.
        let own = folder.ancestors().find(|at| at.join(".git").exists());
        let folder = own.unwrap_or(&folder);
        let ask = |what| output(command(folder, &["rev-parse", what]));
        // One without a working tree has its root where its objects are.
        let output = ask("--show-toplevel").or_else(|_| ask("--absolute-git-dir"))?;
        let path = String::from_utf8_lossy(&output);
        let root = PathBuf::from(path.trim_end_matches(['\n', '\r']));
        Ok(Self {
            root: dunce::canonicalize(&root).unwrap_or(root),
            _temporary: None,
        })
    }

    /// A repository with nothing in it, for commits that are fetched.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn empty() -> Result<Self, GitFault> {
        let folder = TempDir::with_prefix("pothole-").map_err(GitFault::LayOut)?;
        output(command(folder.path(), &["init", "--quiet", "--bare"]))?;
        Ok(Self {
            root: folder.path().to_owned(),
            _temporary: Some(Arc::new(folder)),
        })
    }

    /// The folder of its working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that a revision names, if it is here.
    ///
    /// # Errors
    /// If the text cannot be a revision.
    pub fn commit(&self, revision: &str) -> Result<Option<String>, GitFault> {
        check_revision(revision)?;
        let wanted = format!("{revision}^{{commit}}");
        let found = self.run(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ]);
        Ok(found.ok().map(|name| name.trim().to_owned()))
    }

    /// The last commit that two have in common, if it is here.
    pub fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        let found = self.run(&["merge-base", "--", one, other]).ok()?;
        Some(found.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// Fetches a commit, and none before it.
    ///
    /// # Errors
    /// If the remote does not give it.
    pub fn fetch(&self, remote: &str, commit: &str, token: Option<&str>) -> Result<(), GitFault> {
        check_revision(commit)?;
        let options = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--depth=1",
            "--no-recurse-submodules",
            "--end-of-options",
        ];
        let mut command = self.command(&[&options[..], &[remote, commit]].concat());
        if let Some(token) = token {
            // Command lines are seen by everybody on the machine, and so is what is written into the repository.
            let secret = BASE64.encode(format!("x-access-token:{token}"));
            command
                .env("GIT_CONFIG_COUNT", "1")
                .env("GIT_CONFIG_KEY_0", format!("http.{remote}.extraheader"))
                .env(
                    "GIT_CONFIG_VALUE_0",
                    format!("AUTHORIZATION: basic {secret}"),
                );
        }
        output(command).map(drop)
    }

    /// Which of some files a revision says are made by programs or taken from others. Old versions of git cannot tell.
    pub fn generated(&self, revision: &str, paths: &[&str]) -> Vec<String> {
        let source = format!("--source={revision}");
        let options = [
            "check-attr",
            "-z",
            &source,
            "linguist-generated",
            "linguist-vendored",
            "--",
        ];
        let mut generated = Vec::new();
        for some in paths.chunks(200) {
            let told = output(self.command(&[&options[..], some].concat())).unwrap_or_default();
            let words: Vec<_> = told
                .split(|&byte| byte == 0)
                .map(String::from_utf8_lossy)
                .collect();
            for fact in words
                .chunks_exact(3)
                .filter(|fact| matches!(&*fact[2], "set" | "true"))
            {
                generated.push(fact[0].clone().into_owned());
            }
        }
        generated
    }

    /// What changed from one commit to another, or to the working tree.
    ///
    /// # Errors
    /// If a commit is not here.
    pub fn diff(&self, old: &str, new: Option<&str>) -> Result<Diff, GitFault> {
        Ok(Diff::parse(&self.patch(old, new)?))
    }

    /// The same, as git writes it.
    ///
    /// # Errors
    /// If a commit is not here.
    pub fn patch(&self, old: &str, new: Option<&str>) -> Result<String, GitFault> {
        check_revision(old)?;
        new.map_or(Ok(()), check_revision)?;
        let mut patch = self.run_diff(&["--unified=3"], (old, new), &[])?;
        if patch.contains("\nBinary files ") {
            let listing = self.run_diff(&["--numstat", "-z"], (old, new), &[])?;
            let hidden = hidden_code(&listing);
            for some in hidden.chunks(100) {
                patch.push_str(&self.run_diff(&["--unified=3", "--text"], (old, new), some)?);
            }
        }
        Ok(patch)
    }

    fn run_diff(
        &self,
        how: &[&str],
        (old, new): (&str, Option<&str>),
        paths: &[&str],
    ) -> Result<String, GitFault> {
        let mut arguments = vec![
            "diff",
            "--find-renames",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        ];
        arguments.extend(how);
        arguments.extend(["--end-of-options", old]);
        arguments.extend(new);
        arguments.push("--");
        arguments.extend(paths);
        self.run(&arguments)
    }

    /// Writes the files of a revision that the analysis reads into a folder of its own: code, configurations, and what
    /// says what is ignored. Nothing of them is run, links are not followed.
    ///
    /// # Errors
    /// If the commit is not here, or the disk does not take it.
    pub fn lay_out(&self, revision: &str) -> Result<LaidOut, GitFault> {
        self.lay_out_with(revision, None)
    }

    /// The same, with the configurations of another revision.
    ///
    /// # Errors
    /// If a commit is not here, or the disk does not take it.
    pub fn lay_out_with(
        &self,
        revision: &str,
        settings: Option<&str>,
    ) -> Result<LaidOut, GitFault> {
        let mut entries = self.entries(revision)?;
        if let Some(settings) = settings {
            entries.retain(|entry| !is_setting(&entry.path));
            let others = self.entries(settings)?;
            let others = others.into_iter().filter(|entry| is_setting(&entry.path));
            add_others(&mut entries, others.collect());
        }
        let folder = TempDir::with_prefix("pothole-").map_err(GitFault::LayOut)?;
        // The root of a repository is known by this name.
        fs::create_dir(folder.path().join(".git")).map_err(GitFault::LayOut)?;
        self.write_objects(&entries, folder.path())?;
        Ok(LaidOut(folder))
    }

    /// The files of a revision that the analysis reads.
    fn entries(&self, revision: &str) -> Result<Vec<Entry>, GitFault> {
        check_revision(revision)?;
        let options = [
            "ls-tree",
            "-r",
            "-z",
            "-l",
            "--full-tree",
            "--end-of-options",
        ];
        let listing = output(self.command(&[&options[..], &[revision]].concat()))?;
        let entries = listing.split(|&byte| byte == 0).filter_map(entry);
        Ok(entries
            .filter(|entry| is_read(&entry.path) && is_inside(&entry.path))
            .collect())
    }

    /// Writes objects as files below a folder.
    fn write_objects(&self, entries: &[Entry], folder: &Path) -> Result<(), GitFault> {
        let mut command = self.command(&["cat-file", "--batch", "--buffer"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(GitFault::Start)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitFault::Unexpected("cat-file"));
        };
        let names: String = entries
            .iter()
            .map(|entry| format!("{}\n", entry.object))
            .collect();
        let written = std::thread::scope(|scope| {
            // A process whose output nobody reads stops reading.
            scope.spawn(move || input.write_all(names.as_bytes()));
            let mut output = BufReader::new(output);
            entries
                .iter()
                .try_for_each(|entry| write_object(&mut output, &folder.join(&entry.path)))
        });
        let status = child.wait().map_err(GitFault::Start)?;
        written?;
        match status.success() {
            true => Ok(()),
            false => Err(GitFault::Unexpected("cat-file")),
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<String, GitFault> {
        let bytes = output(self.command(arguments))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        command(&self.root, arguments)
    }
}

/// Goes before every command: names are written as they are, and programs that a repository names to watch its files, or to
/// hear of what is done to it, do not run.
const SETTINGS: [&str; 6] = [
    "-c",
    "core.quotePath=false",
    "-c",
    "core.fsmonitor=",
    "-c",
    "core.hooksPath=/dev/null",
];

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(SETTINGS)
        .args(arguments)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    command
}

fn output(mut command: Command) -> Result<Vec<u8>, GitFault> {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().map_err(GitFault::Start)?;
    if status.success() {
        return Ok(stdout);
    }
    let name = command
        .get_args()
        .nth(SETTINGS.len())
        .unwrap_or(OsStr::new(""));
    Err(GitFault::Failed {
        command: name.to_string_lossy().into_owned(),
        message: String::from_utf8_lossy(&stderr).trim().to_owned(),
    })
}

/// A revision comes from the command line or from an event: it must not become an option.
fn check_revision(text: &str) -> Result<(), GitFault> {
    match text.is_empty() || text.starts_with('-') || text.contains(['\0', '\n']) {
        true => Err(GitFault::Revision(text.to_owned())),
        false => Ok(()),
    }
}

/// `100644 blob <object> <size>\t<path>`, unless it is a link, a submodule, or too large.
fn entry(line: &[u8]) -> Option<Entry> {
    let line = str::from_utf8(line).ok()?;
    let (facts, path) = line.split_once('\t')?;
    let mut facts = facts.split_ascii_whitespace();
    let (mode, _, object, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
    let is_file = mode.starts_with("100") && size.parse::<u64>().is_ok_and(|size| size <= LIMIT);
    is_file.then(|| Entry {
        object: object.to_owned(),
        path: path.to_owned(),
    })
}

/// Whether the analysis may ask for a file. Scripts have no suffix.
fn is_read(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, suffix)) => {
            matches!(suffix, "py" | "pyi" | "toml" | "cfg")
                || matches!(name, ".gitignore" | ".ignore" | ".gitattributes")
        }
        None => true,
    }
}

/// Whether a file says how others are judged.
pub fn is_setting(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "pothole.toml" | "pyproject.toml" | ".gitignore" | ".ignore" | ".gitattributes"
    )
}

/// Adds files of another revision, where none of those that are there stands in the place of one of their folders, nor
/// has a folder in theirs.
fn add_others(entries: &mut Vec<Entry>, mut others: Vec<Entry>) {
    let folders = |path: &str| -> Vec<String> {
        let ends = path.match_indices('/').map(|(end, _)| end);
        ends.map(|end| path[..end].to_owned()).collect()
    };
    let mut taken: FxHashSet<String> = FxHashSet::default();
    let mut files: FxHashSet<&str> = FxHashSet::default();
    for entry in entries.iter() {
        taken.extend(folders(&entry.path));
        files.insert(&entry.path);
    }
    let is_free = |path: &str| {
        let mut above = folders(path).into_iter();
        !taken.contains(path) && !above.any(|folder| files.contains(folder.as_str()))
    };
    others.retain(|other| is_free(&other.path));
    entries.append(&mut others);
}

/// The code among the files that git takes for binary ones, as the attributes of the change may make it: the names that
/// `git diff --numstat -z` writes behind `-\t-\t`, a second and a third where a file was moved.
fn hidden_code(listing: &str) -> Vec<&str> {
    let mut fields = listing.split('\0');
    let mut found = Vec::new();
    while let Some(field) = fields.next() {
        let name = field.splitn(3, '\t').nth(2);
        let names = match name {
            Some("") => [fields.next(), fields.next()],
            name => [name, None],
        };
        let is_code = |name: &str| is_read(name) && !is_setting(name);
        if field.starts_with("-\t") && names.iter().flatten().any(|name| is_code(name)) {
            found.extend(names.into_iter().flatten());
        }
    }
    found
}

/// Whether a path stays below the folder that it is joined to, and out of git's own.
fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    })
}

/// `<object> blob <size>\n<content>\n`
fn write_object(output: &mut impl BufRead, path: &Path) -> Result<(), GitFault> {
    let mut header = String::new();
    output.read_line(&mut header).map_err(GitFault::LayOut)?;
    let size = header
        .trim_end()
        .rsplit_once(" blob ")
        .and_then(|(_, size)| size.parse::<u64>().ok());
    let size = size.ok_or(GitFault::Unexpected("cat-file"))?;
    let mut content = Vec::new();
    output
        .take(size + 1)
        .read_to_end(&mut content)
        .map_err(GitFault::LayOut)?;
    if content.pop() != Some(b'\n') || content.len() as u64 != size {
        return Err(GitFault::Unexpected("cat-file"));
    }
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, content));
    written.map_err(GitFault::LayOut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn hostile_paths_and_revisions_are_refused() {
        assert!(is_inside("a/b.py"));
        assert!(!is_inside("../b.py"));
        assert!(!is_inside("/etc/b.py"));
        assert!(!is_inside("a/.GIT/config.toml"));
        assert!(check_revision("--upload-pack=x").is_err());
        assert!(check_revision("HEAD~1").is_ok());
        assert_eq!(entry(b"120000 blob abc 5\tlink.py"), None);
        assert_eq!(entry(b"160000 commit abc -\tmodule"), None);
    }

    type Outcome = Result<(), Box<dyn Error>>;

    fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitFault> {
        let identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"];
        output(command(folder, &[&identity[..], arguments].concat()))
    }

    /// A repository with some files, committed.
    fn committed(files: &[(&str, &str)]) -> Result<TempDir, Box<dyn Error>> {
        let folder = TempDir::new()?;
        git(folder.path(), &["init", "-q"])?;
        write(folder.path(), files)?;
        git(folder.path(), &["add", "-A"])?;
        git(folder.path(), &["commit", "-qm", "one"])?;
        Ok(folder)
    }

    fn write(folder: &Path, files: &[(&str, &str)]) -> Outcome {
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, text)?;
        }
        Ok(())
    }

    #[test]
    fn attributes_hide_no_code() -> Outcome {
        let long = "x = 1\n".repeat(30);
        let folder = committed(&[("app.py", "a\nb\n"), ("old.py", &long), ("tool", "a\n")])?;
        fs::remove_file(folder.path().join("old.py"))?;
        let moved = format!("{long}y = 2\n");
        write(
            folder.path(),
            &[
                ("app.py", "a\nc\n"),
                ("p/é new.py", &moved),
                ("tool", "b\n"),
                (".gitattributes", "* binary\n"),
            ],
        )?;
        git(folder.path(), &["add", "-A"])?;
        git(folder.path(), &["commit", "-qm", "two"])?;
        let repository = Repository::of(folder.path())?;
        let diff = repository.diff("HEAD~1", Some("HEAD"))?;
        assert!(diff.touches("app.py", &(2..3)) && !diff.touches("app.py", &(1..2)));
        assert!(diff.touches("p/é new.py", &(31..32)) && !diff.touches("p/é new.py", &(30..31)));
        assert!(diff.touches("tool", &(1..2)));
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn a_tracked_folder_is_no_repository_and_names_no_program() -> Outcome {
        let folder = committed(&[("app.py", "a\n"), ("sub/m.py", "a\n")])?;
        let (root, sub) = (folder.path(), folder.path().join("sub"));
        git(&sub, &["init", "-q", "--bare", "."])?;
        let trap = root.join("trap");
        let own = format!(
            "[core]\nbare = false\nfsmonitor = \"touch {}; false\"\n",
            trap.display()
        );
        let other = format!("{own}worktree = .\n");
        write(root, &[("sub/config", &other), (".git/config", &own)])?;
        write(root, &[("app.py", "b\n"), ("sub/m.py", "b\n")])?;
        let repository = Repository::of(&sub)?;
        assert_eq!(repository.root(), dunce::canonicalize(root)?);
        let diff = repository.diff("HEAD", None)?;
        assert!(diff.touches("app.py", &(1..2)) && diff.touches("sub/m.py", &(1..2)));
        assert!(!trap.exists());
        Ok(())
    }

    #[test]
    fn settings_of_another_revision_take_no_room() -> Outcome {
        let folder = committed(&[("sub/pyproject.toml", ""), ("pothole.toml", "")])?;
        git(folder.path(), &["rm", "-rq", "sub", "pothole.toml"])?;
        write(folder.path(), &[("sub", "x"), ("pothole.toml/a.py", "a\n")])?;
        git(folder.path(), &["add", "-A"])?;
        git(folder.path(), &["commit", "-qm", "two"])?;
        let repository = Repository::of(folder.path())?;
        let laid_out = repository.lay_out_with("HEAD", Some("HEAD~1"))?;
        assert!(laid_out.path().join("sub").is_file());
        assert!(laid_out.path().join("pothole.toml/a.py").is_file());
        Ok(())
    }

    #[test]
    fn a_revision_is_laid_out_as_it_was() -> Outcome {
        let folder = TempDir::new()?;
        let git = |arguments: &[&str]| git(folder.path(), arguments);
        git(&["init", "-q"])?;
        fs::create_dir(folder.path().join("p"))?;
        fs::write(folder.path().join("p/é x.py"), "a\r\nb\n")?;
        fs::write(folder.path().join("data.bin"), "data")?;
        git(&["add", "-A"])?;
        git(&["commit", "-qm", "one"])?;
        fs::write(folder.path().join("p/é x.py"), "a\r\nc\n")?;
        let repository = Repository::of(&folder.path().join("p"))?;
        let laid_out = repository.lay_out("HEAD")?;
        assert_eq!(
            fs::read_to_string(laid_out.path().join("p/é x.py"))?,
            "a\r\nb\n"
        );
        assert!(!laid_out.path().join("data.bin").exists());
        let diff = repository.diff("HEAD", None)?;
        assert!(diff.touches("p/é x.py", &(2..3)));
        assert!(repository.commit("nonsense")?.is_none());
        assert!(repository.lay_out("nonsense").is_err());
        Ok(())
    }
}
