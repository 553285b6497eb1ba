//! The one summary of a pull request, and what a job says of itself.

use super::comment::{clipped, page, place, word};
use super::markdown::escaped;
use super::plan::{Draft, Plan, Request, Write, summary_marker};
use super::{COMMENT_LIMIT, Comment, Marker, Note, Setting};
use crate::config::Language;
use crate::report::{counted, lines, plain};

/// So many configurations are named.
const NAMED: usize = 5;

/// What has to be done about the summary comment after the plan was carried out. `posted`: notes that stand in new
/// comments. `unposted`: those that were refused. Nothing is made for a clean pull request, and nothing is written that is there already.
pub fn summary(
    request: Request<'_>,
    plan: &Plan,
    posted: &[usize],
    unposted: &[usize],
) -> Option<(Option<Comment>, String)> {
    let text = text(request, plan, posted.len(), unposted);
    let marker = summary_marker(request, plan, posted);
    let with = |marker: &Marker| format!("{text}\n{}", marker.line());
    let body = with(&marker);
    // That there is a new commit is no reason to write.
    let before = |old: &Marker| Marker {
        head: old.head.clone(),
        verdict: old.verdict.clone(),
        ..marker.clone()
    };
    match &request.state.summary {
        Some((old, said)) if normalized(&old.body) == normalized(&with(&before(said))) => None,
        Some((old, _)) => Some((Some(old.clone()), body)),
        None => {
            // What came up far from the change is no reason to speak up, only to be told along.
            let is_clean = request.found.caused.is_empty() && request.found.reconfigured.is_empty();
            (!is_clean).then_some((None, body))
        }
    }
}

/// Hosts change line ends and what stands behind the last one.
fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

fn text(request: Request<'_>, plan: &Plan, posted: usize, unposted: &[usize]) -> String {
    let notes = &request.found.caused;
    let standing = plan.open.len() + posted;
    let elsewhere: Vec<&Note> = plan
        .overflow
        .iter()
        .chain(unposted)
        .map(|&index| &notes[index])
        .collect();
    let total = standing + elsewhere.len();
    let is_english = request.setting.language == Language::English;
    let mut text = match (total, is_english) {
        (0, true) => "**pothole:** nothing left to say about this change.\n".to_owned(),
        (0, false) => "**pothole：** 这次改动没有待处理的问题。\n".to_owned(),
        (1, true) => "**pothole:** this change causes 1 finding.\n".to_owned(),
        (_, true) => format!("**pothole:** this change causes {total} findings.\n"),
        (_, false) => format!("**pothole：** 这次改动引入了 {total} 个问题。\n"),
    };
    text.push_str(&reconfigured(request));
    let heading = if is_english {
        "Not on a line of the change, or too many to comment on:"
    } else {
        "不在改动的行上，或数量超过评论上限："
    };
    list(&mut text, heading, &elsewhere, request.setting);
    let heading = if is_english {
        "Seen for the first time, though nothing on their way was changed:"
    } else {
        "首次发现，但其路径上没有改动："
    };
    let surfaced: Vec<&Note> = request.found.surfaced.iter().collect();
    list(&mut text, heading, &surfaced, request.setting);
    text
}

/// Who silences a rule along with the code that it would speak of is not kept from it, but it is said.
fn reconfigured(request: Request<'_>) -> String {
    let files = &request.found.reconfigured;
    if files.is_empty() {
        return String::new();
    }
    let names: Vec<String> = files
        .iter()
        .take(NAMED)
        .map(|path| place(path, 1, request.setting))
        .collect();
    let names = names.join(", ");
    match request.setting.language {
        Language::English => format!(
            "\n**It also changes what pothole looks for**, in {names}: what that leaves out is not told here.\n"
        ),
        Language::Chinese => format!(
            "\n**这次改动还修改了 pothole 的检查范围**，见 {names}：因此被排除的问题不在此列出。\n"
        ),
    }
}

fn list(text: &mut String, heading: &str, notes: &[&Note], setting: &Setting) {
    if notes.is_empty() {
        return;
    }
    text.push_str(&format!("\n{heading}\n\n"));
    for (index, note) in notes.iter().enumerate() {
        let line = line(note, setting);
        if text.len() + line.len() > COMMENT_LIMIT / 2 {
            text.push_str(&format!("- … {}\n", notes.len() - index));
            return;
        }
        text.push_str(&line);
    }
}

fn line(note: &Note, setting: &Setting) -> String {
    format!(
        "- {} **{}** {} ({})\n",
        place(&note.path, note.rows.start, setting),
        word(note.severity, setting.language),
        escaped(&clipped(&note.message)),
        page(note),
    )
}

/// What the job's own page says: everything, whether or not it could be posted.
pub fn step_summary(request: Request<'_>, plan: Option<&Plan>, note: Option<&str>) -> String {
    let is_english = request.setting.language == Language::English;
    let mut text = String::from("## pothole\n\n");
    if let Some(note) = note {
        text.push_str(&format!("{}\n\n", escaped(note)));
    }
    let count = request.found.caused.len();
    text.push_str(&match is_english {
        true => format!("Findings that this change causes: {count}\n"),
        false => format!("这次改动引入的问题：{count}\n"),
    });
    text.push_str(&reconfigured(request));
    let declined = plan.map_or(&[][..], |plan| &plan.declined);
    let mut live: Vec<&Note> = Vec::new();
    let mut quiet: Vec<&Note> = Vec::new();
    for (index, note) in request.found.caused.iter().enumerate() {
        match declined.contains(&index) {
            true => quiet.push(note),
            false => live.push(note),
        }
    }
    live.sort_by(|a, b| a.order(b));
    list(
        &mut text,
        if is_english { "Open:" } else { "待处理：" },
        &live,
        request.setting,
    );
    list(
        &mut text,
        if is_english {
            "Declined:"
        } else {
            "已忽略："
        },
        &quiet,
        request.setting,
    );
    let surfaced: Vec<&Note> = request.found.surfaced.iter().collect();
    let heading = if is_english {
        "Seen for the first time, far from the change:"
    } else {
        "首次发现，远离改动："
    };
    list(&mut text, heading, &surfaced, request.setting);
    text
}

impl Plan {
    /// The writes as lines for people, for a run that writes nothing.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for write in &self.writes {
            match write {
                Write::Review(drafts) => {
                    let comments = counted(drafts.len(), "comment");
                    text.push_str(&format!("review with {comments}\n"));
                    for draft in drafts {
                        text.push_str(&drafted(draft));
                    }
                }
                Write::FileComment(draft) => text.push_str(&drafted(draft)),
                Write::Delete(comment) => {
                    text.push_str(&format!("delete comment {}\n", comment.id))
                }
                Write::Resolve(thread) => text.push_str(&format!("resolve thread {thread}\n")),
                Write::Minimize(comment) => {
                    text.push_str(&format!("hide comment {}\n", comment.id))
                }
                Write::Edit(comment, body) => {
                    text.push_str(&format!("edit comment {}\n{}\n", comment.id, lines(body)))
                }
            }
        }
        text
    }
}

/// A comment as it would be made: the lines of a suggestion are a stranger's, and the log of a job may obey them.
fn drafted(draft: &Draft) -> String {
    let anchor = draft.anchor.to_string();
    format!("--- {}\n{}\n", plain(&anchor), lines(&draft.body))
}
