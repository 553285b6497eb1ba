//! What a change causes: the findings of one tree less those of another, by who they are.

use crate::config::Override;
use crate::diff::{Diff, Source};
use crate::finding::{Confidence, Finding, Severity};
use crate::report::{File, Identity, identities};
use crate::rules::{self, Family};
use crate::text::Location;
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;

/// One of the two trees: findings in the order of the report, and the files that they name.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What was found.
    pub findings: &'a [Finding],
    /// Where. Paths from the root of the repository tell which file of one side is which of the other.
    pub files: &'a [File],
}

/// What a change has to do with a finding of the new tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was there before.
    Before,
    /// The change causes it.
    Caused,
    /// It was not reported before, but nothing on its way was changed: who calls, or how sure one can be, changed far away.
    Surfaced,
}

/// What the old tree is analyzed with: everything is reported, so that a finding that was held back is not taken for new.
pub fn ungated(command: &Override) -> Override {
    Override {
        select: Some(Vec::new()),
        ignore: Vec::new(),
        pedantic: Some(true),
        min_confidence: Some(Confidence::Low),
        ..command.clone()
    }
}

/// Tells for each finding of the new tree where it comes from. `old` is ungated; `least` is the confidence from which
/// on findings are reported.
pub fn compare(new: Side<'_>, old: Side<'_>, diff: &Diff, least: Confidence) -> Vec<Origin> {
    let mut comparison = Comparison::new(new, old, diff, least);
    comparison.pair_equals(true);
    comparison.pair_equals(false);
    comparison.pair_redirected();
    comparison.pair_edited();
    comparison.pair_succeeding();
    (0..new.findings.len())
        .map(|index| comparison.origin(index))
        .collect()
}

struct Comparison<'a> {
    new: Side<'a>,
    old: Side<'a>,
    diff: &'a Diff,
    least: Confidence,
    new_identities: Vec<Identity>,
    old_identities: Vec<Identity>,
    /// For each new finding the old one that it was.
    partner: Vec<Option<usize>>,
    /// New findings at a place that had one before, with another cause.
    redirected: FxHashSet<usize>,
    is_taken: Vec<bool>,
}

impl<'a> Comparison<'a> {
    fn new(new: Side<'a>, old: Side<'a>, diff: &'a Diff, least: Confidence) -> Self {
        Self {
            new,
            old,
            diff,
            least,
            new_identities: identities(new.findings, new.files),
            old_identities: identities(old.findings, old.files),
            partner: vec![None; new.findings.len()],
            redirected: FxHashSet::default(),
            is_taken: vec![false; old.findings.len()],
        }
    }

    /// Pairs findings that are the same but for their ordinal; first inside a file, then wherever it was moved to. Of
    /// several equal ones, those on lines that the change did not write were there before.
    fn pair_equals(&mut self, in_one_file: bool) {
        let mut free: FxHashMap<(&str, &str), Vec<usize>> = FxHashMap::default();
        for index in (0..self.old.findings.len()).rev() {
            if !self.is_taken[index] {
                let path = if in_one_file {
                    self.old_path(index)
                } else {
                    ""
                };
                let kin = self.old_identities[index].kin.as_str();
                free.entry((path, kin)).or_default().push(index);
            }
        }
        let mut pairs = Vec::new();
        for index in self.untouched_first() {
            let path = if in_one_file { self.path(index) } else { "" };
            let kin = self.new_identities[index].kin.as_str();
            if let Some(old) = free.get_mut(&(path, kin)).and_then(Vec::pop) {
                pairs.push((index, old));
            }
        }
        self.take(&pairs);
    }

    /// Pairs what is left at places that had the same trouble before with another cause. Where many ways lead to a place,
    /// the report shows one of them, and any change on it shows another.
    fn pair_redirected(&mut self) {
        let mut free: FxHashMap<(&str, &str), Vec<usize>> = FxHashMap::default();
        for index in (0..self.old.findings.len()).rev() {
            if !self.is_taken[index] {
                let place = self.old_identities[index].place.as_str();
                let key = (self.old_path(index), place);
                free.entry(key).or_default().push(index);
            }
        }
        let mut pairs = Vec::new();
        for index in self.untouched_first() {
            let key = (self.path(index), self.new_identities[index].place.as_str());
            if let Some(old) = free.get_mut(&key).and_then(Vec::pop) {
                pairs.push((index, old));
            }
        }
        self.take(&pairs);
        self.redirected = pairs.iter().map(|&(new, _)| new).collect();
    }

    /// Pairs what is left where a few lines were edited and another rule of the same family takes over: who names the
    /// class in a bare `except:` that goes on swallowing everything made nothing worse.
    fn pair_succeeding(&mut self) {
        const FEW: usize = 3;
        let mut free: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for index in (0..self.old.findings.len()).filter(|&index| !self.is_taken[index]) {
            free.entry(self.old_path(index)).or_default().push(index);
        }
        let mut pairs = Vec::new();
        for index in self.untouched_first() {
            let new = &self.new.findings[index];
            let source = self.diff.source(self.path(index), self.rows(index).start);
            if !matches!(&source, Source::Edit(replaced) if replaced.len() <= FEW) {
                continue;
            }
            let Some(left) = free.get_mut(self.path(index)) else {
                continue;
            };
            let found = left.iter().position(|&old| {
                let before = &self.old.findings[old];
                before.symbol == new.symbol
                    && before.severity >= new.severity
                    && family(before) == family(new)
                    && self.is_from(old, &source)
            });
            pairs.extend(found.map(|position| (index, left.remove(position))));
        }
        self.take(&pairs);
    }

    /// Pairs what is left where the text of a place was edited, or the name of the function around it, and the finding
    /// of the same rule stayed.
    fn pair_edited(&mut self) {
        let threads: FxHashSet<&str> = self
            .old_identities
            .iter()
            .map(|identity| identity.thread.as_str())
            .collect();
        let mut free: FxHashMap<(&str, &str), Vec<usize>> = FxHashMap::default();
        for index in 0..self.old.findings.len() {
            if !self.is_taken[index] {
                let key = (self.old.findings[index].rule, self.old_path(index));
                free.entry(key).or_default().push(index);
            }
        }
        let mut pairs = Vec::new();
        for index in self.untouched_first() {
            // The same place with another cause is another finding.
            if threads.contains(self.new_identities[index].thread.as_str()) {
                continue;
            }
            let path = self.path(index);
            let source = self.diff.source(path, self.rows(index).start);
            let Some(left) = free.get_mut(&(self.new.findings[index].rule, path)) else {
                continue;
            };
            let found = left.iter().position(|&old| self.is_from(old, &source));
            if let Some(position) = found {
                pairs.push((index, left.remove(position)));
            }
        }
        self.take(&pairs);
    }

    fn is_from(&self, old: usize, source: &Source) -> bool {
        let row = rows(self.old.files, self.old.findings[old].location).start;
        match source {
            Source::Row(from) => *from == row,
            Source::Edit(replaced) => replaced.contains(&row),
        }
    }

    fn take(&mut self, pairs: &[(usize, usize)]) {
        for &(new, old) in pairs {
            self.partner[new] = Some(old);
            self.is_taken[old] = true;
        }
    }

    /// New findings without a partner: those on lines that were not written by the change come first, and of them those
    /// whose way was not.
    fn untouched_first(&self) -> Vec<usize> {
        let mut left: Vec<usize> = (0..self.new.findings.len())
            .filter(|&index| self.partner[index].is_none())
            .collect();
        left.sort_by_cached_key(|&index| {
            let is_written = self.diff.touches(self.path(index), &self.rows(index));
            let finding = &self.new.findings[index];
            (is_written, self.comes_over(finding, Self::is_written))
        });
        left
    }

    fn origin(&self, index: usize) -> Origin {
        let finding = &self.new.findings[index];
        if self.redirected.contains(&index) && self.comes_over(finding, Self::is_written) {
            return Origin::Caused;
        }
        match self.partner[index].map(|old| &self.old.findings[old]) {
            Some(old) if !self.was_held_back(old, finding) => Origin::Before,
            Some(_) if self.leads_over(finding, Self::is_written) => Origin::Caused,
            None if self.leads_over(finding, Self::is_in_changed_file) => Origin::Caused,
            _ => Origin::Surfaced,
        }
    }

    /// Whether a finding was not sure enough, or not bad enough, to be reported.
    fn was_held_back(&self, old: &Finding, new: &Finding) -> bool {
        let was_hint = old.severity == Severity::Hint && new.severity != Severity::Hint;
        was_hint || (old.confidence < self.least && old.confidence < new.confidence)
    }

    /// Whether a place on the way to a finding, its own included, satisfies a test.
    fn leads_over(&self, finding: &Finding, test: fn(&Self, Location) -> bool) -> bool {
        test(self, finding.location) || self.comes_over(finding, test)
    }

    /// Whether a place on the way to a finding, its own aside, satisfies a test.
    fn comes_over(&self, finding: &Finding, test: fn(&Self, Location) -> bool) -> bool {
        let mut related = finding.related.iter();
        related.any(|related| test(self, related.location))
    }

    fn is_written(&self, location: Location) -> bool {
        let path = repository_path(self.new.files, location);
        self.diff.touches(path, &rows(self.new.files, location))
    }

    /// What is taken away leaves no line to point at: a guard may have stood anywhere in the file.
    fn is_in_changed_file(&self, location: Location) -> bool {
        let path = repository_path(self.new.files, location);
        self.diff.file(path).is_some()
    }

    fn path(&self, index: usize) -> &'a str {
        repository_path(self.new.files, self.new.findings[index].location)
    }

    fn rows(&self, index: usize) -> Range<u32> {
        rows(self.new.files, self.new.findings[index].location)
    }

    /// What the file of an old finding is called now.
    fn old_path(&self, index: usize) -> &'a str {
        let path = repository_path(self.old.files, self.old.findings[index].location);
        self.diff.renamed(path)
    }
}

fn family(finding: &Finding) -> Option<Family> {
    rules::find(finding.rule).map(|rule| rule.family)
}

fn repository_path(files: &[File], location: Location) -> &str {
    files
        .get(location.file.0 as usize)
        .map_or("", |file| &file.repository)
}

/// The rows of a place, 1-based.
fn rows(files: &[File], location: Location) -> Range<u32> {
    let Some(file) = files.get(location.file.0 as usize) else {
        return 0..0;
    };
    let row = |offset| file.lines().row(offset) + 1;
    let last = location.span.end.max(location.span.start + 1) - 1;
    row(location.span.start)..row(last) + 1
}

#[cfg(test)]
mod tests;
