//! What can be written on the command line.

use crate::config::{self, Language, unknown_rule};
use crate::finding::Confidence;
use crate::ir::Dialect;
use crate::report::Format;
use crate::rules;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Finds the places where Python falls over.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Report on files and folders; the analysis covers their whole project
    Check(Box<Check>),
    /// Post what a pull or merge request causes as comments, from a job of GitHub Actions or GitLab CI
    #[cfg(feature = "bot")]
    Review(Box<Review>),
    /// Show a rule's page
    Explain {
        /// Its name
        rule: String,
        /// Language of the page: en or zh
        #[arg(long)]
        lang: Option<Language>,
    },
    /// List the rules, one line each
    Rules {
        /// As text or as JSON
        #[arg(long, value_enum, default_value = "text")]
        format: List,
        /// Language of the summaries: en or zh
        #[arg(long)]
        lang: Option<Language>,
    },
    /// Write a commented configuration into the current folder
    Init {
        /// Print it, or with `schema` the JSON schema of configurations, instead
        #[arg(long, value_name = "WHAT", num_args = 0..=1, default_missing_value = "configuration")]
        print: Option<Print>,
    },
    /// The language server for editors, on standard input and output
    Server {
        /// What generic clients add; there is no other way to talk
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// The folder in which runs leave for others what they found out
    Cache {
        #[command(subcommand)]
        what: CacheAction,
    },
    /// Write what a shell needs to complete this command line
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder
    #[command(hide = true)]
    Man {
        /// Which folder
        folder: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum CacheAction {
    /// Empty it
    Clean,
    /// Print where it is
    Dir,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum List {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Print {
    /// The commented configuration
    Configuration,
    /// The JSON schema of configurations, for editors
    Schema,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Dump {
    /// The intermediate representation of each file
    Ir,
    /// Each function with the functions of the project that it calls; as JSON with `--format json`
    Calls,
    /// What each function returns, raises, demands and promises
    Summaries,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and folders to report on; `-` is standard input
    #[arg(default_value = ".")]
    pub(super) paths: Vec<PathBuf>,

    /// How findings are written
    #[arg(long, default_value = "text", value_parser = format())]
    pub(super) format: Format,

    /// Write there instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Leave out what is excluded even if it is named: for hooks, which name every file
    #[arg(long)]
    pub(super) force_exclude: bool,

    /// Only these rules; a family's name stands for its rules
    #[arg(long, value_name = "RULE,…", value_delimiter = ',', value_parser = rule)]
    pub(super) select: Vec<String>,

    /// Not these rules
    #[arg(long, value_name = "RULE,…", value_delimiter = ',', value_parser = rule)]
    pub(super) ignore: Vec<String>,

    /// Also what is only a hint, and the notes to the letter
    #[arg(long)]
    pub(super) pedantic: bool,

    /// The least confidence that is reported: high, medium (unless configured) or low
    #[arg(long, value_name = "LEVEL", value_parser = config::confidence)]
    pub(super) min_confidence: Option<Confidence>,

    /// This configuration instead of what is found
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Leave these files and folders out, in the syntax of .gitignore
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,

    /// The folder that is analyzed, instead of what is found
    #[arg(long, value_name = "DIR")]
    pub(super) project_root: Option<PathBuf>,

    /// Only what the working tree causes against this revision
    #[arg(long, value_name = "REV", conflicts_with_all = ["dump", "write_baseline"])]
    pub(super) diff: Option<String>,

    /// Only what this file does not hold yet
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// Write what is found now to this file, and report nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "output", "dump"])]
    pub(super) write_baseline: Option<PathBuf>,

    /// Apply the safe fixes to the files
    #[arg(long, conflicts_with_all = ["dump", "write_baseline"])]
    pub(super) fix: bool,

    /// Apply also the fixes that may change what a correct program does
    #[arg(long, conflicts_with_all = ["dump", "write_baseline"])]
    pub(super) unsafe_fixes: bool,

    /// Print what the fixes would change as a diff, and change nothing
    #[arg(long, conflicts_with_all = ["dump", "write_baseline"])]
    pub(super) dry_run: bool,

    /// The analysis' own view, as text
    #[arg(long, value_enum)]
    pub(super) dump: Option<Dump>,

    /// Language of messages: en or zh (default: the configuration, then the locale)
    #[arg(long)]
    pub(super) lang: Option<Language>,

    /// Read files as this Python, 2.7 or 3.x, instead of what each shows
    #[arg(long, value_name = "VERSION", value_parser = config::dialect)]
    pub(super) python: Option<Dialect>,

    /// Read one file from standard input and call it that
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<PathBuf>,

    /// Counts per rule instead of findings
    #[arg(long)]
    pub(super) statistics: bool,

    /// Neither read nor write the cache
    #[arg(long)]
    pub(super) no_cache: bool,

    /// How many threads (default: one for each processor)
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) threads: usize,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,

    /// Only findings: no progress, no summary
    #[arg(long, short, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Also how long each part took, and what was cut short
    #[arg(long, short)]
    pub(super) verbose: bool,

    /// Exit with 0 even with findings
    #[arg(long)]
    pub(super) exit_zero: bool,
}

#[cfg(feature = "bot")]
#[derive(Debug, Args)]
pub(super) struct Review {
    /// Files and folders to report on, from the root of the repository
    #[arg(default_value = ".")]
    pub(super) paths: Vec<PathBuf>,

    /// Say what would be posted, and post nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Say what would be posted on a change from this revision on, without any job
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,

    /// The revision that such a change ends with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(super) head: String,

    /// Post the findings of a report in JSON instead of analyzing anything
    #[arg(long, value_name = "FILE")]
    pub(super) from: Option<PathBuf>,

    /// The severity from which on a finding that the change causes fails the run
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    pub(super) fail_on: FailOn,

    /// The name of this run, where several review one repository
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) name: String,

    /// How many comments may stand open on one pull request; the summary holds the others
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) max_comments: usize,

    /// Review drafts too
    #[arg(long)]
    pub(super) drafts: bool,

    /// Also write the findings that the change causes as SARIF
    #[arg(long, value_name = "FILE")]
    pub(super) sarif: Option<PathBuf>,

    /// The least confidence that is reported: high, medium (unless configured) or low
    #[arg(long, value_name = "LEVEL", value_parser = config::confidence)]
    pub(super) min_confidence: Option<Confidence>,

    /// This configuration instead of what is found
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Leave these files and folders out, in the syntax of .gitignore
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,

    /// Language of comments: en or zh (default: the configuration, then the locale)
    #[arg(long)]
    pub(super) lang: Option<Language>,

    /// How many threads (default: one for each processor)
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) threads: usize,
}

/// From which severity on a finding fails a run.
#[cfg(feature = "bot")]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    /// Errors only
    Error,
    /// Warnings too
    Warning,
    /// Nothing
    Never,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|(name, _)| *name);
    PossibleValuesParser::new(names).map(|name| {
        let found = Format::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format).unwrap_or_default()
    })
}

fn rule(name: &str) -> Result<String, String> {
    let names = rules::names();
    match names.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(unknown_rule(name, &names)),
    }
}
