//! Findings to bytes: one file per format, all from the same [`View`].

mod columns;
mod concise;
mod escape;
mod fingerprint;
mod github;
mod gitlab;
mod html;
mod item;
mod json;
mod junit;
mod rdjson;
mod sarif;
pub mod statistics;
mod text;

pub use columns::{Position, decode};
pub use escape::{lines, opening, plain, uri};
pub use fingerprint::{Identity, identities};
pub use github::command;
pub use item::{Change, INVALID_FILE, Item, Replacement, Spot, Step, items};

use crate::config::Language;
use crate::finding::Severity;
use crate::rules::Rule;
use crate::text::{FileId, Lines, Span};
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

/// A file as reports name it.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its full path.
    pub absolute: String,
    /// As a person in the current folder writes it.
    pub display: String,
    /// From the root of its repository, with `/` between the parts: what the hosts of code call it.
    pub repository: String,
    /// Its bytes; empty where they could not be read.
    pub source: Arc<[u8]>,
    /// Where its lines start, once somebody asked.
    pub known_lines: OnceLock<Lines>,
}

impl File {
    /// Where its lines start.
    pub fn lines(&self) -> &Lines {
        self.known_lines.get_or_init(|| Lines::of(&self.source))
    }
}

/// A file, or a part of one, that was not analyzed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invalid {
    /// The file.
    pub file: FileId,
    /// What the trouble is.
    pub trouble: Trouble,
    /// Where it starts.
    pub span: Span,
}

/// Why a file, or a part of one, was not analyzed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The operating system says why.
    Unreadable(String),
    /// A pipe, a device, a folder.
    NotAFile,
    /// Larger than what is read, in bytes.
    TooBig(u64),
    /// Its bytes are no text in the encoding that it declares.
    Encoding,
    /// It is not Python of any version known here.
    Syntax,
    /// It is nested too deep.
    TooDeep,
    /// The function of this name has too many blocks, or too many ways through them.
    TooLarge(String),
    /// The analysis of a function, which is named, ended in a fault of its own.
    Failed(String),
    /// Not every way through the function of this name was looked for.
    TooManyWays(String),
}

impl Trouble {
    /// Whether `first`, of the same file, says all that this says. Of functions each has its own name.
    pub fn is_told_by(&self, first: &Trouble) -> bool {
        !matches!(
            self,
            Trouble::TooLarge(_) | Trouble::Failed(_) | Trouble::TooManyWays(_)
        ) && std::mem::discriminant(self) == std::mem::discriminant(first)
    }

    /// Whether only who asks for every detail is told: next to nothing was left out, and nobody need do anything.
    pub fn is_detail(&self) -> bool {
        matches!(self, Trouble::TooManyWays(_))
    }

    /// What happened, in words.
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    fn english(&self) -> String {
        match self {
            Trouble::Unreadable(reason) => format!("cannot be read: {reason}"),
            Trouble::NotAFile => "not read: it is no regular file".to_owned(),
            Trouble::TooBig(bytes) => format!("not read: {bytes} bytes are more than the limit"),
            Trouble::Encoding => {
                "not analyzed: the file holds NUL bytes or is UTF-16, which Python does not read"
                    .to_owned()
            }
            Trouble::Syntax => "not valid Python here; the code around it was analyzed".to_owned(),
            Trouble::TooDeep => "nested too deep here; the inside was not analyzed".to_owned(),
            Trouble::TooLarge(name) => {
                let name = named(name, "the module's own code");
                format!("{name} is too large: not all of it was analyzed; split it")
            }
            Trouble::Failed(name) => {
                let name = named(name, "the module's own code");
                format!(
                    "{name} was not analyzed, by a fault of pothole: please report it with this code"
                )
            }
            Trouble::TooManyWays(name) => {
                let name = named(name, "the module's own code");
                format!(
                    "not every way through {name} was looked at: findings that depend on one may be missing"
                )
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Trouble::Unreadable(reason) => format!("无法读取：{reason}"),
            Trouble::NotAFile => "未读取：不是普通文件".to_owned(),
            Trouble::TooBig(bytes) => format!("未读取：{bytes} 字节，超过上限"),
            Trouble::Encoding => "未分析：文件含有 NUL 字节或为 UTF-16，Python 无法读取".to_owned(),
            Trouble::Syntax => "此处不是有效的 Python；其余代码已分析".to_owned(),
            Trouble::TooDeep => "此处嵌套过深；内部未分析".to_owned(),
            Trouble::TooLarge(name) => {
                let name = named(name, "模块自身的代码");
                format!("{name} 过大：没有分析全部内容；请拆分")
            }
            Trouble::Failed(name) => {
                let name = named(name, "模块自身的代码");
                format!("{name} 未能分析，这是 pothole 自身的错误：请附上这段代码报告")
            }
            Trouble::TooManyWays(name) => {
                let name = named(name, "模块自身的代码");
                format!("没有检查 {name} 的所有路径：依赖于其中某条路径的问题可能未报告")
            }
        }
    }
}

/// A function as a note calls it.
fn named(name: &str, module: &str) -> String {
    match name {
        "<module>" => module.to_owned(),
        _ => format!("`{name}`"),
    }
}

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Every file that a finding or a note names.
    pub files: &'a [File],
    /// Findings and invalid files, in order.
    pub items: &'a [Item],
    /// The language of what is said.
    pub language: Language,
    /// Whether colours are wanted.
    pub colour: bool,
}

impl View<'_> {
    /// The file of a place.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The findings, without the invalid files.
    pub fn findings(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.rule.is_some())
    }
}

/// The address of a rule's page.
pub fn documentation(rule: &Rule) -> String {
    let repository = env!("CARGO_PKG_REPOSITORY");
    format!("{repository}/blob/main/rules/{}.md", rule.name)
}

/// A severity's name.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    }
}

/// A format of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Source, arrows, notes and help, for people.
    #[default]
    Text,
    /// One line each.
    Concise,
    /// An array that a reader of ruff's JSON can parse.
    Json,
    /// The same objects, one to a line.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub's workflow commands.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// reviewdog's diagnostic format.
    Rdjson,
    /// A test report.
    Junit,
    /// One page to look at.
    Html,
}

impl Format {
    /// All of them, by the name on the command line.
    pub const ALL: &[(&str, Format)] = &[
        ("text", Format::Text),
        ("concise", Format::Concise),
        ("json", Format::Json),
        ("jsonl", Format::Jsonl),
        ("sarif", Format::Sarif),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
        ("rdjson", Format::Rdjson),
        ("junit", Format::Junit),
        ("html", Format::Html),
    ];

    /// Writes a report.
    ///
    /// # Errors
    /// If `out` does.
    pub fn write(self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Format::Text => text::write(view, out),
            Format::Concise => concise::write(view, out),
            Format::Json => json::write(view, out),
            Format::Jsonl => json::write_lines(view, out),
            Format::Sarif => sarif::write(view, out),
            Format::Github => github::write(view, out),
            Format::Gitlab => gitlab::write(view, out),
            Format::Rdjson => rdjson::write(view, out),
            Format::Junit => junit::write(view, out),
            Format::Html => html::write(view, out),
        }
    }
}

/// A number and what it counts, in English.
pub fn counted(count: usize, what: &str) -> String {
    let plural = match what.ends_with('x') {
        _ if count == 1 => "",
        true => "es",
        false => "s",
    };
    format!("{count} {what}{plural}")
}
