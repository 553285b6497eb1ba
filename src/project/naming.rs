//! What modules are called, and which one an import means.

use super::Source;
use crate::ir::{Dialect, Import, Module};
use crate::types::ModuleRef;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// The dotted names of a project's modules.
#[derive(Default)]
pub struct ModuleNames {
    canonical: Vec<String>,
    is_package: Vec<bool>,
    by_name: FxHashMap<String, SmallVec<[ModuleRef; 1]>>,
    /// The last parts of all these names.
    last_parts: FxHashSet<String>,
}

/// What an import's dotted module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// A module of the project.
    Project(ModuleRef),
    /// Something outside, by its dotted name.
    Outside(String),
}

impl ModuleNames {
    /// Names the modules of `sources`: from the outermost folder that is a package, and also from the project's root
    /// and its `src` folder, as namespace packages and scripts are imported.
    pub fn of(sources: &[Source]) -> Self {
        let packages: FxHashSet<&str> = sources
            .iter()
            .filter_map(|source| package_folder(&source.path))
            .collect();
        let mut names = Self::default();
        for (index, source) in sources.iter().enumerate() {
            let parts = module_parts(&source.path);
            let folder = source
                .path
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            let start = package_start(folder, &packages);
            let canonical = parts[start.min(parts.len().saturating_sub(1))..].join(".");
            let module = ModuleRef(index as u32);
            if let Some(&last) = parts.last()
                && !names.last_parts.contains(last)
            {
                names.last_parts.insert(last.to_owned());
            }
            for from in 0..=start.min(parts.len().saturating_sub(1)) {
                let name = parts[from..].join(".");
                let known = names.by_name.entry(name).or_default();
                if !known.contains(&module) {
                    known.push(module);
                }
            }
            names.canonical.push(canonical);
            names
                .is_package
                .push(package_folder(&source.path).is_some());
        }
        names
    }

    /// A module's name.
    pub fn name(&self, module: ModuleRef) -> &str {
        &self.canonical[module.0 as usize]
    }

    /// Whether any module's name may end in a part.
    pub fn has_last_part(&self, part: &str) -> bool {
        part.contains('.') || self.last_parts.contains(part)
    }

    /// The module that `name` means to `importer`: the only one of that name, or the one nearest in the tree.
    pub fn find(&self, name: &str, importer: ModuleRef, sources: &[Source]) -> Option<ModuleRef> {
        let candidates = self.by_name.get(name)?;
        if let [only] = candidates[..] {
            return Some(only);
        }
        let home = &sources[importer.0 as usize].path;
        let near = |module: &ModuleRef| shared_folders(home, &sources[module.0 as usize].path);
        let best = candidates.iter().map(near).max()?;
        let mut nearest = candidates.iter().filter(|module| near(module) == best);
        match (nearest.next(), nearest.next()) {
            (Some(&only), None) => Some(only),
            _ => None,
        }
    }

    /// What the dotted module of an import means.
    pub fn resolve(&self, import: &Import, importer: ModuleRef, sources: &[Source]) -> Imported {
        let module: &Module = &sources[importer.0 as usize].module;
        let dotted = module.name(import.module);
        if import.level > 0 {
            return self.relative(dotted, import.level, importer, sources);
        }
        if module.dialect == Dialect::Two
            && let Imported::Project(beside) = self.relative(dotted, 1, importer, sources)
            && beside != importer
        {
            return Imported::Project(beside);
        }
        match self.find(dotted, importer, sources) {
            Some(found) if found != importer => Imported::Project(found),
            _ => Imported::Outside(unvendored(dotted).to_owned()),
        }
    }

    fn relative(
        &self,
        dotted: &str,
        level: u8,
        importer: ModuleRef,
        sources: &[Source],
    ) -> Imported {
        let own = self.name(importer);
        let mut parts: Vec<&str> = own.split('.').collect();
        let up = usize::from(level) - usize::from(self.is_package[importer.0 as usize]);
        parts.truncate(parts.len().saturating_sub(up));
        parts.extend(dotted.split('.').filter(|part| !part.is_empty()));
        let name = parts.join(".");
        match self.find(&name, importer, sources) {
            Some(found) => Imported::Project(found),
            None => Imported::Outside(unvendored(&name).to_owned()),
        }
    }
}

/// A copy of six inside a package makes its `moves` as it runs, as the original does: no file of the project holds them.
fn unvendored(dotted: &str) -> &str {
    match dotted.find(".six.moves") {
        Some(at) => &dotted[at + 1..],
        None => dotted,
    }
}

/// The folder that a package's `__init__` file stands for.
fn package_folder(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    matches!(file, "__init__.py" | "__init__.pyi").then_some(folder)
}

/// How many leading folders of `folder` are outside of its outermost package.
fn package_start(folder: &str, packages: &FxHashSet<&str>) -> usize {
    let depth = if folder.is_empty() {
        0
    } else {
        folder.split('/').count()
    };
    let mut start = depth;
    let mut at = folder;
    while start > 0 && packages.contains(at) {
        start -= 1;
        at = at.rsplit_once('/').map_or("", |(before, _)| before);
    }
    start
}

fn module_parts(path: &str) -> Vec<&str> {
    let stem = path
        .strip_suffix(".py")
        .or_else(|| path.strip_suffix(".pyi"))
        .unwrap_or(path);
    let mut parts: Vec<&str> = stem.split('/').collect();
    if parts.len() > 1 && parts.last() == Some(&"__init__") {
        parts.pop();
    }
    parts
}

fn shared_folders(a: &str, b: &str) -> usize {
    a.split('/')
        .zip(b.split('/'))
        .take_while(|(a, b)| a == b)
        .count()
}
