//! The program from outside: what it prints, where, and how it exits.

use serde_json::Value;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One finding: `possibly-unbound` in row 4.
const UNBOUND: &str = "def pick(flag):\n    if flag:\n        answer = 1\n    return answer\n";

/// A lookup that finds nothing now and then.
const STORE: &str = "USERS = {'a': 'Ada'}\n\ndef find(name):\n    for key, user in USERS.items():\n        if key == name:\n            \
    return user\n    return None\n";

/// One finding in row 5, if it is seen together with `STORE`: another caller shows that nothing may come back.
const MAIL: &str = "from store import find\n\ndef send(key):\n    user = find(key)\n    return user.upper()\n\n\
    def guarded(key):\n    user = find(key)\n    if user is None:\n        return ''\n    return user.upper()\n";

/// A folder with a project in it.
struct Project(TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let project = Project(TempDir::new()?);
        project.write("setup.py", "")?;
        for (path, text) in files {
            project.write(path, text)?;
        }
        Ok(project)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, path: &str) -> Outcome<String> {
        Ok(std::fs::read_to_string(self.path().join(path))?)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) -> Outcome {
        let path = self.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
        Ok(())
    }

    fn pothole(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pothole"));
        command.env(
            "POTHOLE_CACHE_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
        );
        command.args(arguments).current_dir(self.path());
        let runners = ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"];
        let readers = ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR"];
        for name in readers.into_iter().chain(runners) {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(self.pothole(arguments).output()?)
    }

    /// Runs `check --format json` with further arguments.
    fn json(&self, arguments: &[&str]) -> Result<Vec<Value>, Box<dyn Error>> {
        let output = self.run(&[&["check", "--format", "json"], arguments].concat())?;
        let entries = serde_json::from_slice(&output.stdout);
        Ok(entries.map_err(|error| format!("{error}: {}", stderr(&output)))?)
    }

    /// Names of the files with findings, without their folders.
    fn names(&self, arguments: &[&str]) -> Result<Vec<String>, Box<dyn Error>> {
        let entries = self.json(arguments)?;
        let name = |entry: &Value| {
            let path = Path::new(entry["filename"].as_str()?);
            Some(path.file_name()?.to_str()?.to_owned())
        };
        Ok(entries.iter().filter_map(name).collect())
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn exit_codes() -> Outcome {
    let project = Project::new(&[("clean.py", "x = 1\n"), ("wrong.py", UNBOUND)])?;
    let code = |arguments: &[&str]| Ok::<_, Box<dyn Error>>(project.run(arguments)?.status.code());
    assert_eq!(code(&["check", "clean.py"])?, Some(0));
    assert_eq!(code(&["check"])?, Some(1));
    assert_eq!(code(&["check", "--exit-zero"])?, Some(0));
    assert_eq!(code(&["check", "missing.py"])?, Some(2));
    assert_eq!(code(&["check", "--format", "verse"])?, Some(2));
    assert_eq!(code(&["check", "--select", "possibly-unbond"])?, Some(2));
    assert_eq!(code(&["explain", "possibly-unbond"])?, Some(2));
    assert_eq!(code(&["rules"])?, Some(0));
    assert_eq!(code(&["completions", "bash"])?, Some(0));
    assert_eq!(code(&["man", "share/man1"])?, Some(0));
    assert!(
        project
            .read("share/man1/pothole-check.1")?
            .contains(".TH pothole-check")
    );
    Ok(())
}

#[test]
fn errors_name_what_was_meant() -> Outcome {
    let project = Project::new(&[("a.py", "")])?;
    let told = stderr(&project.run(&["check", "--ignore", "possibly-unbond"])?);
    assert!(told.contains("did you mean `possibly-unbound`?"), "{told}");
    let told = stderr(&project.run(&["check", "missing.py"])?);
    assert!(told.contains("missing.py"), "{told}");
    project.write("pothole.toml", "pedantic = true\nselct = []\n")?;
    let output = project.run(&["check"])?;
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("pothole.toml"), "{told}");
    assert!(
        told.contains("line 2: unknown key `selct`; did you mean `select`?"),
        "{told}"
    );
    Ok(())
}

#[test]
fn json_has_the_fields_of_the_contract() -> Outcome {
    let code =
        "# 注释\ndef pick(flag):\n    if flag:\n        answer = 1\n    print('日本', answer)\n";
    let project = Project::new(&[("app/wrong.py", code)])?;
    let entries = project.json(&[])?;
    let [entry] = entries.as_slice() else {
        return Err(format!("one finding was expected: {entries:?}").into());
    };
    assert_eq!(entry["code"], "possibly-unbound");
    assert_eq!(entry["name"], "possibly-unbound");
    assert_eq!(entry["location"]["row"], 5);
    assert_eq!(entry["location"]["column"], 17);
    assert_eq!(entry["end_location"]["column"], 23);
    assert_eq!(entry["symbol"], "pick");
    let path = entry["filename"].as_str().unwrap_or_default();
    assert!(Path::new(path).is_absolute(), "{path}");
    assert!(path.ends_with("app/wrong.py"), "{path}");
    for field in ["message", "severity", "confidence", "url", "fingerprint"] {
        assert!(entry[field].is_string(), "{field} is {}", entry[field]);
    }
    assert!(entry["related"].is_array());
    assert!(entry.get("help").is_some() && entry.get("fix").is_some());
    Ok(())
}

#[test]
fn what_cannot_be_analyzed_is_told_once_and_the_rest_goes_on() -> Outcome {
    let project = Project::new(&[("wrong.py", UNBOUND)])?;
    project.write("broken.py", "def f(:\n  )(\n\nx = = 1\n")?;
    project.write("wide.py", b"\xff\xfex\x00=\x001\x00")?;
    let large = fs::File::create(project.path().join("large.py"))?;
    large.set_len(pothole::host::LIMIT + 1)?;
    let output = project.run(&["check", "--format", "json"])?;
    assert_eq!(output.status.code(), Some(1));
    let entries: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let codes: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["code"].as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "invalid-file",
            "invalid-file",
            "invalid-file",
            "possibly-unbound"
        ]
    );
    let told = stderr(&output);
    for name in ["broken.py", "large.py", "wide.py"] {
        assert_eq!(told.matches(name).count(), 1, "{name}: {told}");
    }
    fs::remove_file(project.path().join("wrong.py"))?;
    assert_eq!(project.run(&["check"])?.status.code(), Some(0));
    Ok(())
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_links_are_no_trouble() -> Outcome {
    let project = Project::new(&[("wrong.py", UNBOUND)])?;
    fs::create_dir(project.path().join("sub"))?;
    let made = Command::new("mkfifo")
        .arg(project.path().join("pipe.py"))
        .arg(project.path().join("sub/.gitignore"))
        .status()?;
    assert!(made.success());
    std::os::unix::fs::symlink(project.path(), project.path().join("loop"))?;
    std::os::unix::fs::symlink("nowhere.py", project.path().join("dangling.py"))?;
    assert_eq!(project.names(&[])?, [".gitignore", "wrong.py"]);
    let noted = stderr(&project.run(&["check"])?);
    let note = "pothole: sub/.gitignore:1:1: not read: it is no regular file";
    assert!(noted.contains(note), "{noted}");
    let output = project.run(&["check", "pipe.py", "wrong.py", "/dev/null"])?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).matches("no regular file").count(), 3);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_unicode_or_obeys_the_terminal_is_harmless() -> Outcome {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::new(&[])?;
    for name in [
        &b"a\xff.py"[..],
        b"b\x1b[31m.py",
        b"c\n::error::d.py",
        b"::error::e.py",
        b"##[error]f.py",
        b"  ##vso[task.complete]g.py",
    ] {
        fs::write(
            project.path().join(std::ffi::OsStr::from_bytes(name)),
            UNBOUND,
        )?;
    }
    let formats = [
        "text", "concise", "github", "junit", "json", "jsonl", "sarif", "gitlab", "rdjson", "html",
    ];
    for format in formats {
        let output = project.run(&["check", "--format", format])?;
        assert_eq!(output.status.code(), Some(1));
        let text = stdout(&output);
        assert!(!text.contains("##[error]"), "{format}: {text}");
        assert!(!text.contains("##vso["), "{format}: {text}");
        assert!(!text.contains('\u{1b}'), "{format}: {text:?}");
        let mut lines = text.lines().map(str::trim_start);
        assert!(
            !lines.any(|line| line.starts_with("::error::")),
            "{format}: {text:?}"
        );
    }
    assert_eq!(project.json(&[])?.len(), 6);
    Ok(())
}

#[test]
fn what_strangers_write_is_no_command_to_the_runner_of_a_job() -> Outcome {
    let name = "::error::forged\n##[error]forged";
    let code = UNBOUND.replace("return answer\n", "return answer  # ##[error]forged\n");
    let project = Project::new(&[("a.py", &code)])?;
    let unforged = |text: String| {
        for line in text.lines().map(str::trim_start) {
            let is_forged = line.starts_with("::error::forged") || line.contains("##[error]");
            assert!(!is_forged, "{text}");
        }
    };
    for format in ["text", "concise", "github", "junit", "json", "html"] {
        unforged(stdout(&project.run(&["check", "--format", format])?));
    }
    let quoted = serde_json::to_string(name)?;
    for wrong in [
        format!("{quoted} = 1\n"),
        format!("min-confidence = {quoted}\n"),
        format!("ignore = [{quoted}]\n"),
        format!("{name}\n"),
        "x = \"\"\"\n::error::forged\n##[error]forged\n".to_owned(),
    ] {
        project.write("pothole.toml", &wrong)?;
        let output = project.run(&["check"])?;
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        unforged(stderr(&output));
    }
    Ok(())
}

#[test]
fn a_closed_pipe_is_success() -> Outcome {
    let project = Project::new(&[("wrong.py", UNBOUND)])?;
    for format in ["text", "json"] {
        let mut child = project
            .pothole(&["check", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(!stderr(&output).contains("pipe"), "{}", stderr(&output));
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() -> Outcome {
    let project = Project::new(&[("wrong.py", UNBOUND)])?;
    let full = || fs::OpenOptions::new().write(true).open("/dev/full");
    let output = project
        .pothole(&["check", "--format", "json"])
        .stdout(full()?)
        .output()?;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output).matches("cannot write").count(), 1);
    let output = project.run(&["check", "--output", "/dev/full"])?;
    assert_eq!(output.status.code(), Some(2));
    Ok(())
}

#[test]
fn the_same_bytes_on_every_number_of_threads() -> Outcome {
    let project = Project::new(&[])?;
    for index in 0..40 {
        let padding = "value = [1, 2, 3]\n".repeat(index * 37 % 23 * 9);
        let code = padding + &UNBOUND.replace("pick", &format!("pick_{index}"));
        project.write(&format!("p{}/m{index}.py", index % 7), code)?;
    }
    for format in ["text", "json", "sarif", "github"] {
        let one = project.run(&["check", "--format", format, "--threads", "1"])?;
        for threads in ["2", "3", "8"] {
            let other = project.run(&["check", "--format", format, "--threads", threads])?;
            assert!(
                one.stdout == other.stdout,
                "{format} with {threads} threads"
            );
        }
    }
    Ok(())
}

#[test]
fn standard_input_stands_for_a_file_of_the_project() -> Outcome {
    let project = Project::new(&[("app/a.py", "x = 1\n"), ("b.py", UNBOUND)])?;
    for arguments in [
        &[
            "check",
            "--format",
            "json",
            "--stdin-filename",
            "app/a.py",
            "-",
        ][..],
        &[
            "check",
            "--format",
            "json",
            "--stdin-filename",
            "app/new.py",
        ],
        &["check", "--format", "json", "-"],
    ] {
        let mut child = project
            .pothole(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(UNBOUND.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let entries: Vec<Value> = serde_json::from_slice(&output.stdout)?;
        assert_eq!(entries.len(), 1, "{arguments:?}: {}", stderr(&output));
        assert_eq!(entries[0]["location"]["row"], 4);
        let name = entries[0]["filename"].as_str().unwrap_or_default();
        assert!(!name.ends_with("b.py"), "{name}");
    }
    Ok(())
}

#[test]
fn ignore_comments() -> Outcome {
    let code =
        |comment: &str| UNBOUND.replace("return answer", &format!("return answer  {comment}"));
    for comment in [
        "# pothole: ignore[possibly-unbound] the callers pass True",
        "# pothole: ignore[names]",
        "# pothole: ignore",
        "# noqa",
        "# noqa: possibly-unbound",
    ] {
        let project = Project::new(&[("a.py", &code(comment))])?;
        assert_eq!(project.json(&[])?.len(), 0, "{comment}");
    }
    for comment in [
        "# pothole: ignore[none-result]",
        "# noqa: E501",
        "# pothole",
    ] {
        let project = Project::new(&[("a.py", &code(comment))])?;
        assert_eq!(project.json(&[])?.len(), 1, "{comment}");
    }
    let whole = format!("# pothole: ignore-file[possibly-unbound]\n{UNBOUND}");
    assert_eq!(Project::new(&[("a.py", &whole)])?.json(&[])?.len(), 0);
    Ok(())
}

#[test]
fn what_is_reported_is_not_what_is_analyzed() -> Outcome {
    let project = Project::new(&[("store.py", STORE), ("mail.py", MAIL), ("c.py", UNBOUND)])?;
    let entries = project.json(&["mail.py", "--min-confidence", "low"])?;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["code"], "none-result");
    let elsewhere = entries[0]["related"].as_array().is_some_and(|related| {
        related.iter().any(|step| {
            step["filename"]
                .as_str()
                .is_some_and(|name| name.ends_with("store.py"))
        })
    });
    assert!(elsewhere, "{}", entries[0]["related"]);
    Ok(())
}

#[test]
fn other_peoples_code_is_left_out_unless_named() -> Outcome {
    let project = Project::new(&[
        (".venv/lib/a.py", UNBOUND),
        ("env/pyvenv.cfg", ""),
        ("env/lib/a.py", UNBOUND),
        ("node_modules/a.py", UNBOUND),
        ("build/lib/a.py", UNBOUND),
        ("pkg/build/__init__.py", ""),
        ("pkg/build/package.py", UNBOUND),
        (".gitignore", "made.py\n"),
        ("made.py", UNBOUND),
        ("script", &format!("#!/usr/bin/env python3\n{UNBOUND}")),
        ("text", UNBOUND),
        ("tests/test_a.py", UNBOUND),
    ])?;
    assert_eq!(
        project.names(&["--pedantic"])?,
        ["package.py", "script", "test_a.py"]
    );
    assert_eq!(project.names(&["made.py"])?, ["made.py"]);
    assert_eq!(project.names(&[".venv"])?, ["a.py"]);
    assert_eq!(
        project.names(&["text", "tests", "--pedantic"])?,
        ["test_a.py", "text"]
    );
    Ok(())
}

#[test]
fn the_nearest_configuration_governs() -> Outcome {
    let project = Project::new(&[
        (
            "pyproject.toml",
            "[tool.pothole]\nignore = [\"names\"]\nexclude = [\"written/\"]\n",
        ),
        ("a.py", UNBOUND),
        ("written/b.py", UNBOUND),
        (
            "sub/pothole.toml",
            "[[override]]\npaths = [\"quiet/**\"]\nignore = [\"possibly-unbound\"]\n",
        ),
        ("sub/c.py", UNBOUND),
        ("sub/quiet/d.py", UNBOUND),
    ])?;
    assert_eq!(project.names(&["."])?, ["c.py"]);
    assert_eq!(project.names(&["."])?, project.names(&[])?);
    assert_eq!(project.names(&[".", "--exclude", "c.py"])?.len(), 0);
    project.write("other.toml", "")?;
    assert_eq!(
        project.names(&["--config", "other.toml"])?,
        ["a.py", "c.py", "d.py", "b.py"]
    );
    assert_eq!(
        project
            .names(&["--ignore", "names", "--config", "other.toml"])?
            .len(),
        0
    );
    Ok(())
}

#[test]
fn strangers_broken_files_do_not_stop_a_run() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND), ("data/pyproject.toml", "= broken")])?;
    project.write("data/b.py", UNBOUND)?;
    assert_eq!(project.names(&["."])?, ["a.py", "b.py"]);
    Ok(())
}

#[test]
fn a_root_can_be_named() -> Outcome {
    let project = Project::new(&[
        ("a.py", UNBOUND),
        ("sub/setup.py", ""),
        ("sub/b.py", UNBOUND),
    ])?;
    assert_eq!(project.names(&["sub", "--project-root", "."])?, ["b.py"]);
    let output = project.run(&["check", "a.py", "--project-root", "sub"])?;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("not inside the project root"));
    Ok(())
}

#[test]
fn output_goes_to_a_file_at_once() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND)])?;
    let output = project.run(&["check", "--format", "json", "--output", "report.json"])?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    let entries: Vec<Value> =
        serde_json::from_slice(&fs::read(project.path().join("report.json"))?)?;
    assert_eq!(entries.len(), 1);
    let left: Vec<_> = fs::read_dir(project.path())?
        .filter_map(Result::ok)
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
    let output = project.run(&["check", "--output", "nowhere/report.txt"])?;
    assert_eq!(output.status.code(), Some(2));
    Ok(())
}

#[test]
fn fingerprints_outlive_moved_lines_and_renamed_files() -> Outcome {
    let prints = |files: &[(&str, &str)]| -> Result<Vec<String>, Box<dyn Error>> {
        let entries = Project::new(files)?.json(&[])?;
        let print = |entry: &Value| entry["fingerprint"].as_str().map(str::to_owned);
        Ok(entries.iter().filter_map(print).collect())
    };
    let before = prints(&[("a.py", UNBOUND)])?;
    let moved = format!("import os\n\n\n{UNBOUND}");
    assert_eq!(before, prints(&[("b/renamed.py", &moved)])?);
    assert_ne!(
        before,
        prints(&[("a.py", &UNBOUND.replace("pick", "choose"))])?
    );
    let twice = UNBOUND.replace(
        "return answer",
        "print(answer)\n    return [\n        answer]",
    );
    assert_eq!(prints(&[("a.py", &twice)])?.first(), before.first());
    Ok(())
}

#[test]
fn every_format_is_well_formed() -> Outcome {
    let project = Project::new(&[("a b.py", UNBOUND), ("c/d.py", UNBOUND)])?;
    let run =
        |format| Ok::<_, Box<dyn Error>>(stdout(&project.run(&["check", "--format", format])?));
    let concise = run("concise")?;
    assert_eq!(concise.lines().count(), 2);
    assert!(
        concise.starts_with("a b.py:4:12: warning[possibly-unbound] "),
        "{concise}"
    );
    for line in run("jsonl")?.lines() {
        serde_json::from_str::<Value>(line)?;
    }
    let sarif: Value = serde_json::from_str(&run("sarif")?)?;
    let results = &sarif["runs"][0]["results"];
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.py");
    assert_eq!(place["region"]["startColumn"], 12);
    let issues: Vec<Value> = serde_json::from_str(&run("gitlab")?)?;
    assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
    assert_eq!(issues[1]["location"]["path"], "c/d.py");
    let diagnostics: Value = serde_json::from_str(&run("rdjson")?)?;
    assert_eq!(
        diagnostics["diagnostics"][0]["location"]["range"]["start"]["line"],
        4
    );
    assert_eq!(run("junit")?.matches("<testcase").count(), 2);
    assert_eq!(
        run("github")?
            .matches("::warning title=pothole%3A possibly-unbound,file=")
            .count(),
        2
    );
    Ok(())
}

#[test]
fn text_shows_the_source_and_the_path() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND)])?;
    let text = stdout(&project.run(&["check"])?);
    assert!(text.contains("warning[possibly-unbound]"), "{text}");
    assert!(text.contains("--> a.py:4:12"), "{text}");
    assert!(text.contains("4 |     return answer"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let coloured = stdout(&project.run(&["check", "--color", "always"])?);
    assert!(coloured.contains('\u{1b}'), "{coloured}");
    Ok(())
}

#[test]
fn languages() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND)])?;
    let chinese = stdout(&project.run(&["check", "--lang", "zh"])?);
    assert!(chinese.contains("警告[possibly-unbound]"), "{chinese}");
    let locale = project
        .pothole(&["check"])
        .env("LANG", "zh_CN.UTF-8")
        .output()?;
    assert_eq!(stdout(&locale), chinese);
    project.write("pothole.toml", "lang = \"zh\"\n")?;
    assert_eq!(stdout(&project.run(&["check"])?), chinese);
    assert!(stdout(&project.run(&["check", "--lang", "en"])?).contains("warning["));
    let page = stdout(&project.run(&["explain", "possibly-unbound", "--lang", "zh"])?);
    assert!(!page.is_ascii(), "{page}");
    Ok(())
}

#[test]
fn rules_and_statistics_for_people_and_tools() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND), ("b.py", UNBOUND)])?;
    let rules: Vec<Value> =
        serde_json::from_slice(&project.run(&["rules", "--format", "json"])?.stdout)?;
    assert!(
        rules
            .iter()
            .any(|rule| rule["name"] == "possibly-unbound" && rule["family"] == "names")
    );
    assert!(stdout(&project.run(&["rules"])?).contains("possibly-unbound"));
    let table = stdout(&project.run(&["check", "--statistics"])?);
    assert_eq!(table, "      2  possibly-unbound  2 files\n");
    let table = stdout(&project.run(&["check", "a.py", "--statistics", "--lang", "zh"])?);
    assert_eq!(table, "      1  possibly-unbound  1 个文件\n");
    let counts: Vec<Value> = serde_json::from_slice(
        &project
            .run(&["check", "--statistics", "--format", "json"])?
            .stdout,
    )?;
    assert_eq!(counts[0]["count"], 2);
    let refused = project.run(&["check", "--statistics", "--format", "sarif"])?;
    assert_eq!(refused.status.code(), Some(2));
    Ok(())
}

#[test]
fn the_intermediate_representation_can_be_seen() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND)])?;
    let dump = stdout(&project.run(&["check", "--dump", "ir"])?);
    assert!(dump.starts_with("# a.py\n"), "{dump}");
    assert!(dump.contains("pick"), "{dump}");
    Ok(())
}

#[test]
fn quiet_and_verbose() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND)])?;
    assert_eq!(stderr(&project.run(&["check", "--quiet"])?), "");
    assert!(stderr(&project.run(&["check"])?).contains("1 finding"));
    assert!(stderr(&project.run(&["check", "--verbose"])?).contains(" ms  "));
    Ok(())
}

#[test]
fn a_baseline_holds_what_is_known() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND), ("store.py", STORE), ("mail.py", MAIL)])?;
    let output = project.run(&["check", "--write-baseline", "known.json"])?;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("2 findings written"));
    let with = ["check", "--baseline", "known.json", "--format", "concise"];
    assert_eq!(project.run(&with)?.status.code(), Some(0));
    project.write("a.py", format!("\n\nX = 1\n{UNBOUND}"))?;
    assert_eq!(project.run(&with)?.status.code(), Some(0), "lines moved");
    project.write("b.py", UNBOUND)?;
    let output = project.run(&with)?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output).lines().count(), 1, "{}", stdout(&output));
    assert!(stdout(&output).starts_with("b.py:4:"));
    fs::remove_file(project.path().join("a.py"))?;
    assert_eq!(
        project.run(&with)?.status.code(),
        Some(0),
        "the file was renamed"
    );
    project.write("known.json", "[]")?;
    assert_eq!(project.run(&with)?.status.code(), Some(2));
    Ok(())
}

const BARE: &str =
    "def load(path):\n    try:\n        return open(path)\n    except:\n        return None\n";

#[test]
fn fixes_are_shown_or_written() -> Outcome {
    let project = Project::new(&[("a.py", BARE), ("clean.py", "x = 1\n")])?;
    let select = ["--select", "bare-except"];
    let output = project.run(&[&["check", "--unsafe-fixes", "--dry-run"], &select[..]].concat())?;
    let diff = stdout(&output);
    assert!(diff.contains("--- a/a.py\n+++ b/a.py\n"), "{diff}");
    assert!(
        diff.contains("-    except:\n+    except Exception:\n"),
        "{diff}"
    );
    assert_eq!(fs::read_to_string(project.path().join("a.py"))?, BARE);
    let output = project.run(&[&["check", "--fix"], &select[..]].concat())?;
    assert_eq!(
        output.status.code(),
        Some(1),
        "this fix is for a person to judge"
    );
    let output = project.run(&[&["check", "--unsafe-fixes"], &select[..]].concat())?;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("1 fix in 1 file"),
        "{}",
        stderr(&output)
    );
    let fixed = BARE.replace("except:", "except Exception:");
    assert_eq!(fs::read_to_string(project.path().join("a.py"))?, fixed);
    Ok(())
}

#[test]
fn a_difference_is_no_command_to_the_runner_of_a_job() -> Outcome {
    let source =
        "def f(x=[]):\n    \"\"\"\n ::error::forged\n    \u{1b}[2J\n    \"\"\"\n    x.append(1)\n";
    let project = Project::new(&[("a.py", source)])?;
    let arguments = ["check", "--fix", "--unsafe-fixes", "--dry-run"];
    let plain = stdout(&project.run(&arguments)?);
    assert!(plain.contains("\n  ::error::forged\n"), "{plain}");
    let job = project
        .pothole(&arguments)
        .env("GITHUB_ACTIONS", "true")
        .output()?;
    let shown = stdout(&job);
    assert!(shown.contains("+") && !shown.contains('\u{1b}'), "{shown}");
    let is_command = |line: &str| line.trim_start().starts_with("::");
    assert!(!shown.lines().any(is_command), "{shown}");
    Ok(())
}

#[test]
fn standard_input_is_fixed_on_standard_output() -> Outcome {
    let project = Project::new(&[])?;
    let arguments = [
        "check",
        "--unsafe-fixes",
        "--select",
        "bare-except",
        "--stdin-filename",
        "a.py",
        "-",
    ];
    for (text, fixed) in [
        (BARE, BARE.replace("except:", "except Exception:")),
        ("x = 1\n", "x = 1\n".to_owned()),
    ] {
        let mut child = project
            .pothole(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        child
            .stdin
            .take()
            .ok_or("no input")?
            .write_all(text.as_bytes())?;
        assert_eq!(stdout(&child.wait_with_output()?), fixed);
    }
    assert!(!project.path().join("a.py").exists());
    Ok(())
}

#[test]
fn a_configuration_to_start_from() -> Outcome {
    let project = Project::new(&[("a.py", UNBOUND)])?;
    assert_eq!(project.run(&["init"])?.status.code(), Some(0));
    assert_eq!(
        project.run(&["check"])?.status.code(),
        Some(1),
        "it changes nothing yet"
    );
    let again = project.run(&["init"])?;
    assert_eq!(
        again.status.code(),
        Some(2),
        "what is there is not overwritten"
    );
    let told = stderr(&again);
    assert!(told.contains("there is a pothole.toml already"), "{told}");
    let schema: Value =
        serde_json::from_slice(&project.run(&["init", "--print", "schema"])?.stdout)?;
    let rules = schema["$defs"]["rule"]["enum"]
        .as_array()
        .ok_or("no rules")?;
    assert!(rules.contains(&Value::from("possibly-unbound")));
    project.write(
        "pothole.toml",
        "[rules.possibly-unbound]\nseverity = \"error\"\n",
    )?;
    assert_eq!(project.json(&[])?[0]["severity"], "error");
    project.write("pothole.toml", "exclude = [\"a.py\"]\n")?;
    assert_eq!(project.names(&["a.py"])?, ["a.py"], "it was named");
    assert!(project.names(&["--force-exclude", "a.py"])?.is_empty());
    Ok(())
}

#[test]
fn the_page_to_look_at_holds_everything() -> Outcome {
    let project = Project::new(&[
        ("a.py", &format!("{UNBOUND}# </script><b>\n")),
        ("store.py", STORE),
        ("mail.py", MAIL),
    ])?;
    let page = stdout(&project.run(&["check", "--format", "html"])?);
    let (_, data) = page.split_once("id=\"data\">").ok_or("no data")?;
    let (data, _) = data.split_once("</script>").ok_or("no end")?;
    let data: Value = serde_json::from_str(data)?;
    let findings = data["findings"].as_array().ok_or("no findings")?;
    assert_eq!(findings.len(), 2);
    let path = findings[1]["path"].as_array().ok_or("no path")?;
    assert_eq!(
        path.last().map(|step| &step["file"]),
        Some(&Value::from("mail.py"))
    );
    assert!(
        path.iter().any(|step| step["file"] == "store.py"),
        "{path:?}"
    );
    assert!(!page.contains("src="), "everything is in the page");
    Ok(())
}

fn git(project: &Project, arguments: &[&str]) -> Outcome {
    let identity = [
        "-c",
        "user.name=n",
        "-c",
        "user.email=e@example.org",
        "-c",
        "commit.gpgsign=false",
    ];
    let output = Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(project.path())
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(stderr(&output).into()),
    }
}

#[test]
fn a_difference_is_what_the_working_tree_causes() -> Outcome {
    let strict = STORE.replace("return None", "raise KeyError(name)");
    let project = Project::new(&[
        ("old.py", UNBOUND),
        ("store.py", &strict),
        ("mail.py", MAIL),
    ])?;
    git(&project, &["init", "-q"])?;
    git(&project, &["add", "."])?;
    git(&project, &["commit", "-qm", "one"])?;
    let against = ["check", "--diff", "HEAD", "--format", "concise"];
    assert_eq!(project.run(&against)?.status.code(), Some(0));
    project.write("old.py", format!("X = 1\n{UNBOUND}"))?;
    project.write("store.py", STORE)?;
    project.write("new.py", UNBOUND.replace("pick", "choose"))?;
    let output = project.run(&against)?;
    let found = stdout(&output);
    let places: Vec<&str> = found
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(places, ["mail.py", "new.py"], "{found}{}", stderr(&output));
    assert_eq!(
        project.run(&["check", "--diff", "nonsense"])?.status.code(),
        Some(2)
    );
    Ok(())
}
