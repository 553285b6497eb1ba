//! How old lines are, in a repository that would rather run something.

use super::*;
use std::error::Error;
use std::fs;
use tempfile::TempDir;

type Outcome = Result<(), Box<dyn Error>>;

/// Runs git as a person does, on some day of the past.
fn git(folder: &Path, days: u64, arguments: &[&str]) -> Outcome {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let date = format!("@{} +0000", now - days * DAY - 60);
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=n", "-c", "user.email=e@example.org"])
        .args(arguments)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

/// A repository with a file whose lines are 400 and 40 days old, and not committed.
fn repository() -> Result<TempDir, Box<dyn Error>> {
    let folder = TempDir::new()?;
    let file = folder.path().join("a.py");
    git(folder.path(), 0, &["init", "-q"])?;
    fs::write(&file, "one\ntwo\n")?;
    git(folder.path(), 400, &["add", "-A"])?;
    git(folder.path(), 400, &["commit", "-qm", "one"])?;
    fs::write(&file, "one\nmore\n")?;
    git(folder.path(), 40, &["commit", "-qam", "two"])?;
    fs::write(&file, "new\r\none\r\nmore\r\n")?;
    Ok(folder)
}

/// The ages of the first rows of a file.
fn ages(folder: &Path, name: &str, rows: u32) -> Option<Vec<(u32, u32)>> {
    let repository = Repository::of(folder).ok()?;
    let history = History {
        commit: repository.commit("HEAD").ok()??,
        is_shallow: repository.is_shallow()?,
        now: SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs(),
        deadline: Instant::now() + PATIENCE,
        repository,
    };
    let objects = history.objects([name].into_iter())?;
    let source = fs::read(folder.join(name)).ok()?;
    history.ages(name, objects.get(name)?, &source, &(0..rows).collect())
}

#[test]
fn lines_are_as_old_as_their_commit() -> Outcome {
    let folder = repository()?;
    let found = ages(folder.path(), "a.py", 3);
    assert_eq!(found, Some(vec![(0, 0), (1, 400), (2, 40)]));
    Ok(())
}

#[test]
fn where_the_past_was_cut_off_nothing_is_known() -> Outcome {
    let folder = repository()?;
    let head = fs::read_to_string(folder.path().join(".git/HEAD"))?;
    let head = head.trim().trim_start_matches("ref: ");
    let commit = fs::read_to_string(folder.path().join(".git").join(head))?;
    fs::write(folder.path().join(".git/shallow"), commit)?;
    assert_eq!(ages(folder.path(), "a.py", 3), Some(vec![(0, 0)]));
    Ok(())
}

#[cfg(unix)]
#[test]
fn nothing_that_a_repository_names_is_run() -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let folder = repository()?;
    let marker = folder.path().join("it-ran");
    let script = folder.path().join("script.sh");
    fs::write(
        &script,
        format!("#!/bin/sh\ntouch '{}'\ncat\n", marker.display()),
    )?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let script = script.to_string_lossy();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "diff.external",
        "diff.x.command",
        "diff.x.textconv",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "gpg.program",
        "remote.origin.uploadpack",
    ] {
        git(folder.path(), 0, &["config", key, &script])?;
    }
    for (key, value) in [
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", "."),
        ("remote.origin.promisor", "true"),
        ("core.repositoryFormatVersion", "1"),
    ] {
        git(folder.path(), 0, &["config", key, value])?;
    }
    fs::write(
        folder.path().join(".gitattributes"),
        "*.py diff=x filter=x\n",
    )?;
    let found = ages(folder.path(), "a.py", 3);
    assert_eq!(found, Some(vec![(0, 0), (1, 400), (2, 40)]));
    // An older state of the file is missing: git would ask the remote for it.
    let object = "814f4a422927b82f5f8a43f8fab6d3839e3983f2";
    let objects = folder.path().join(".git/objects");
    let older = fs::remove_file(objects.join(&object[..2]).join(&object[2..]));
    assert!(
        older.is_ok(),
        "the first state of the file has another name"
    );
    assert_eq!(ages(folder.path(), "a.py", 3), None);
    assert!(!marker.exists(), "something was run");
    Ok(())
}
