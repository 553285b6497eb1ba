//! The cache changes how long a run takes, and nothing else: whatever stands in its folder.

use pothole::lower::{DEPTH, lower};
use pothole::page::examples;
use pothole::rules;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use xxhash_rust::xxh3::xxh3_128;

type Outcome = Result<(), Box<dyn Error>>;

/// A project of all fixtures and all examples of the rules' pages, and a folder for its cache.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Result<Self, Box<dyn Error>> {
        let world = World {
            folder: tempfile::tempdir()?,
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        for entry in walkdir::WalkDir::new(&root).into_iter().flatten() {
            if entry.path().extension().is_some_and(|end| end == "py") {
                let path = entry.path().strip_prefix(&root)?;
                world.write(path, &fs::read(entry.path())?)?;
            }
        }
        // Some of each page are enough: every run of a test reads them all.
        for (path, code) in all_examples().into_iter().step_by(4) {
            world.write(Path::new(&path), code.as_bytes())?;
        }
        world.write(Path::new("broken.py"), b"def f(:\n    return (\n")?;
        world.write(Path::new("setup.py"), b"")?;
        Ok(world)
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn write(&self, path: &Path, content: &[u8]) -> Outcome {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(path, content)?;
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pothole"));
        command
            .args(["check", "--format", "json", "--pedantic"])
            .args(arguments);
        command
            .current_dir(self.project())
            .env("POTHOLE_CACHE_DIR", self.cache());
        command
    }

    /// What a check says, on standard output and standard error.
    fn run(&self, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        let output = self.command(arguments).output()?;
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output)
    }

    /// The entries of the cache, in order.
    fn entries(&self) -> Vec<PathBuf> {
        let files = walkdir::WalkDir::new(self.cache())
            .min_depth(3)
            .sort_by_file_name();
        let files = files
            .into_iter()
            .flatten()
            .filter(|file| file.file_type().is_file());
        files.map(walkdir::DirEntry::into_path).collect()
    }
}

/// Two runs said the same; what they said is too long to be shown.
fn assert_same(one: &Output, other: &Output, when: &str) {
    assert!(one.stdout == other.stdout, "{when}: findings differ");
    assert!(one.stderr == other.stderr, "{when}: notes differ");
}

fn all_examples() -> Vec<(String, &'static str)> {
    let mut all = Vec::new();
    for rule in rules::ALL {
        for (index, example) in examples(rule.page).into_iter().enumerate() {
            all.push((format!("{}/example{index}.py", rule.name), example.code));
        }
    }
    all
}

/// A small generator of numbers that looks random and is the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % sides.max(1)
    }
}

#[test]
fn cold_warm_and_on_any_number_of_threads_the_same_bytes_come_out() -> Outcome {
    let world = World::new()?;
    let plain = world.run(&["--no-cache", "--threads", "1"])?;
    assert!(world.entries().is_empty());
    let many = world.run(&["--no-cache", "--threads", "4"])?;
    let cold = world.run(&["--threads", "4"])?;
    assert!(world.entries().len() > 60, "{}", world.entries().len());
    let warm = world.run(&["--threads", "1"])?;
    for other in [&many, &cold, &warm] {
        assert_same(&plain, other, "nothing changed");
    }
    let late = "def late(items):\n    for item in items:\n        last = item\n    return last\n";
    world.write(Path::new("late.py"), late.as_bytes())?;
    let changed = world.run(&[])?;
    assert!(changed.stdout != warm.stdout, "the new file says nothing");
    assert_same(
        &changed,
        &world.run(&["--no-cache"])?,
        "after a change, cold",
    );
    assert_same(&changed, &world.run(&[])?, "after a change, warm");
    Ok(())
}

#[test]
fn what_is_asked_for_is_part_of_the_question() -> Outcome {
    let world = World::new()?;
    for arguments in [
        &["--select", "none-argument"][..],
        &["--min-confidence", "high"],
        &["--python", "2.7"],
        &["--statistics"],
        &["mutable-default"],
    ] {
        let plain = world.command(arguments).arg("--no-cache").output()?;
        for _ in 0..2 {
            let cached = world.command(arguments).output()?;
            assert_same(&plain, &cached, &arguments.join(" "));
        }
    }
    Ok(())
}

#[test]
fn two_runs_share_a_cache() -> Outcome {
    let world = World::new()?;
    let plain = world.run(&["--no-cache"])?;
    let runs: Result<Vec<_>, _> = (0..3)
        .map(|_| {
            world
                .command(&[])
                .stdout(std::process::Stdio::piped())
                .spawn()
        })
        .collect();
    for run in runs? {
        assert!(
            run.wait_with_output()?.stdout == plain.stdout,
            "several at once"
        );
    }
    assert_same(&world.run(&[])?, &plain, "afterwards");
    Ok(())
}

#[test]
fn entries_that_are_cut_changed_or_foreign_do_not_count() -> Outcome {
    let world = World::new()?;
    let plain = world.run(&[])?;
    let mut dice = Dice(1);
    for damage in 0..4 {
        let entries = world.entries();
        for path in &entries {
            let mut bytes = fs::read(path)?;
            match damage {
                0 => bytes.truncate(dice.roll(bytes.len())),
                1 => {
                    let at = dice.roll(bytes.len());
                    bytes[at] ^= 1 << dice.roll(8);
                }
                2 => bytes = fs::read(&entries[dice.roll(entries.len())])?,
                _ => bytes.clear(),
            }
            fs::write(path, bytes)?;
        }
        assert_same(&world.run(&[])?, &plain, &format!("damage {damage}"));
    }
    Ok(())
}

/// The hash that an entry's path is made of.
fn key_of(path: &Path) -> Result<[u8; 16], Box<dyn Error>> {
    let parts: Vec<_> = path.iter().rev().take(2).collect();
    let name = format!(
        "{}{}",
        parts[1].to_string_lossy(),
        parts[0].to_string_lossy()
    );
    Ok(u128::from_str_radix(&name, 16)?.to_le_bytes())
}

/// Entries whose hash is right, so that only their content is left to distrust.
#[test]
fn hostile_entries_crash_nothing() -> Outcome {
    let world = World::new()?;
    world.run(&[])?;
    let mut dice = Dice(2);
    for round in 0..6 {
        for path in world.entries() {
            let mut bytes = fs::read(&path)?.split_off(16);
            for _ in 0..1 + dice.roll(3) {
                let at = dice.roll(bytes.len());
                bytes[at] = [0, 1, 0x7f, 0xff, dice.roll(256) as u8][dice.roll(5)];
            }
            let hash = xxh3_128(&[&key_of(&path)?[..], &bytes].concat());
            fs::write(&path, [&hash.to_le_bytes()[..], &bytes].concat())?;
        }
        // A file more, so that modules are asked for one by one.
        world.write(
            Path::new("one_more.py"),
            format!("x = {round}\n").as_bytes(),
        )?;
        let output = world.command(&["--exit-zero"]).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "round {round}: {told}");
    }
    Ok(())
}

#[test]
fn what_lowering_makes_is_sound() {
    let is_unsound =
        |(_, code): &(String, &str)| !lower(code.as_bytes(), None).is_sound(code.len(), DEPTH);
    let unsound: Vec<_> = all_examples().into_iter().filter(is_unsound).collect();
    assert!(unsound.is_empty(), "{unsound:?}");
    let code = "def greet(name):\n    return name.title()\n";
    assert!(!lower(code.as_bytes(), None).is_sound(code.len() / 2, DEPTH));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for name in ["two.py", "three.py"] {
        let code = fs::read(root.join(name)).unwrap_or_default();
        assert!(
            !code.is_empty() && lower(&code, None).is_sound(code.len(), DEPTH),
            "{name}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_had_is_no_trouble() -> Outcome {
    let world = World::new()?;
    let plain = world.run(&["--no-cache"])?;
    fs::write(world.cache(), "a file where the folder should be")?;
    assert_same(&world.run(&[])?, &plain, "afterwards");
    fs::remove_file(world.cache())?;
    world.run(&[])?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folders = walkdir::WalkDir::new(world.cache()).contents_first(true);
        let folders: Vec<PathBuf> = folders
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_dir())
            .map(walkdir::DirEntry::into_path)
            .collect();
        let allow = |mode: u32| {
            let mut all = folders.iter();
            all.try_for_each(|path| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        };
        allow(0o555)?;
        let read_only = world.run(&[]);
        world.write(Path::new("new.py"), b"x = 1\n")?;
        let with_another = world.run(&[]);
        allow(0o755)?;
        assert_same(&read_only?, &plain, "read-only");
        with_another?;
    }
    Ok(())
}

#[test]
fn the_folder_is_shown_and_emptied() -> Outcome {
    let world = World::new()?;
    world.run(&[])?;
    let cache = |action: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pothole"));
        command
            .args(["cache", action])
            .env("POTHOLE_CACHE_DIR", world.cache())
            .output()
    };
    let shown = cache("dir")?;
    assert_eq!(
        String::from_utf8(shown.stdout)?.trim_end(),
        world.cache().display().to_string()
    );
    assert_eq!(cache("clean")?.status.code(), Some(0));
    assert!(world.entries().is_empty());
    assert_eq!(cache("clean")?.status.code(), Some(0));
    fs::create_dir_all(world.cache())?;
    fs::write(world.cache().join("letters.txt"), "mine")?;
    assert_eq!(cache("clean")?.status.code(), Some(2));
    assert!(world.cache().join("letters.txt").exists());
    Ok(())
}
