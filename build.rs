//! Compiles `rules/library/` into one blob that the program reads at start.

use std::error::Error;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::{env, fs};

#[expect(
    dead_code,
    reason = "the library's own use of it is less than the program's"
)]
#[path = "src/summary.rs"]
mod summary;
#[expect(dead_code, reason = "the build needs only the compiler of tables")]
#[path = "src/library/tables/mod.rs"]
mod tables;
#[expect(
    dead_code,
    reason = "the library's own use of it is less than the program's"
)]
#[path = "src/text.rs"]
mod text;
#[expect(
    dead_code,
    reason = "the library's own use of it is less than the program's"
)]
#[path = "src/types.rs"]
mod types;
#[expect(
    dead_code,
    reason = "the library's own use of it is less than the program's"
)]
#[path = "src/value.rs"]
mod value;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("rules/library");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut all = Vec::new();
    for file in files(folder, "tsv")? {
        all.push(tables::stubs::read(&fs::read_to_string(&file)?)?);
    }
    for file in files(folder, "toml")? {
        let read = toml::from_str(&fs::read_to_string(&file)?);
        all.push(read.map_err(|error| format!("{}: {error}", file.display()))?);
    }
    let mut compiled = tables::compile::compile(Default::default(), &all)?;
    compiled.names.compact();
    println!("cargo::rustc-env=POTHOLE_SOURCES={}", sources()?);
    let blob = postcard::to_allocvec(&compiled)?;
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    // A copy of the folder may share the file: it gets a new one, not new content.
    let path = Path::new(&out).join("library.postcard");
    let _ = fs::remove_file(&path);
    fs::write(path, blob)?;
    Ok(())
}

/// The hash of all that the findings of a release depend on. Nothing for other builds, which need not wait for it.
fn sources() -> Result<String, Box<dyn Error>> {
    if env::var("PROFILE")? != "release" {
        return Ok(String::new());
    }
    let mut hasher = rustc_hash::FxHasher::default();
    for name in ["build.rs", "Cargo.lock", "Cargo.toml", "rules", "src"] {
        println!("cargo::rerun-if-changed={name}");
        hash(Path::new(name), &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn hash(path: &Path, hasher: &mut rustc_hash::FxHasher) -> Result<(), std::io::Error> {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path)?.collect();
    let mut inside: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
    inside.sort();
    inside.iter().try_for_each(|path| hash(path, hasher))
}

fn files(folder: &Path, extension: &str) -> Result<Vec<std::path::PathBuf>, std::io::Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
