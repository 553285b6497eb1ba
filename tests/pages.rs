//! Every example in a rule's page is run: the page is the test.

mod common;

use common::{Piece, complaints};
use libtest_mimic::{Arguments, Failed, Trial};
use pothole::config::Configuration;
use pothole::finding::Confidence;
use pothole::lower::lower;
use pothole::page::{Example, examples};
use pothole::rules::{self, Rule};
use std::process::ExitCode;

fn main() -> ExitCode {
    let trials = rules::ALL.iter().flat_map(trials).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials(rule: &'static Rule) -> Vec<Trial> {
    examples(rule.page)
        .into_iter()
        .map(|example| {
            let name = format!("{}.md line {}", rule.name, example.row + 1);
            Trial::test(name, move || run(rule, &example))
        })
        .collect()
}

fn run(rule: &Rule, example: &Example) -> Result<(), Failed> {
    let mut configuration = Configuration {
        select: vec![rule.name.to_owned()],
        ..Configuration::default()
    };
    for &option in &example.options {
        match option {
            "pedantic" => configuration.pedantic = true,
            "low" => configuration.min_confidence = Confidence::Low,
            unknown => return Err(format!("`{unknown}` is no option of an example").into()),
        }
    }
    let piece = Piece {
        path: "example.py".to_owned(),
        code: example.code.as_bytes().to_vec(),
        dialect: Some(example.dialect),
    };
    let problems = lower(&piece.code, piece.dialect).problems;
    if !problems.is_empty() {
        return Err(format!("the example is no Python: {problems:?}").into());
    }
    match complaints(&[piece], &configuration).as_slice() {
        [] => Ok(()),
        wrong => Err(wrong.join("\n").into()),
    }
}
