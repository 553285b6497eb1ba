//! The last line of each comment of ours: by it we know the comment again.

use crate::finding::Severity;

/// What a comment says of itself, in an HTML comment that nobody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marker {
    /// What kind of comment it is.
    pub kind: Kind,
    /// The name of the run.
    pub run: String,
    /// The commit that was reviewed.
    pub head: String,
    /// The findings that it is about; in a summary, those that stand in comments.
    pub findings: Vec<String>,
    /// In a summary: those that people do not want to hear of again.
    pub declined: Vec<String>,
    /// In a summary: what came of the run.
    pub verdict: Option<Verdict>,
}

/// What came of a run, for a later one that has the same change before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The change, whatever it is based on.
    pub patch: String,
    /// How many findings it causes that nobody declined.
    pub live: usize,
    /// The worst of them.
    pub worst: Option<Severity>,
}

const SEVERITIES: [(&str, Option<Severity>); 4] = [
    ("none", None),
    ("hint", Some(Severity::Hint)),
    ("warning", Some(Severity::Warning)),
    ("error", Some(Severity::Error)),
];

impl Verdict {
    fn words(&self) -> String {
        let worst = SEVERITIES.iter().find(|(_, worst)| *worst == self.worst);
        let worst = worst.map_or("none", |(name, _)| name);
        format!("{}:{}:{worst}", self.patch, self.live)
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ':');
        let (patch, live, worst) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            patch: patch.to_owned(),
            live: live.parse().ok()?,
            worst: SEVERITIES.iter().find(|(name, _)| *name == worst)?.1,
        })
    }
}

/// What kind of comment it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// About findings.
    #[default]
    Finding,
    /// About findings that are gone.
    Fixed,
    /// The summary.
    Summary,
}

const KINDS: [(&str, Kind); 3] = [
    ("finding", Kind::Finding),
    ("fixed", Kind::Fixed),
    ("summary", Kind::Summary),
];

/// More than a comment ever holds: what is longer was not written by us.
const MANY: usize = 2_000;

impl Marker {
    /// As it stands in the comment.
    pub fn line(&self) -> String {
        let kind = KINDS.iter().find(|(_, kind)| *kind == self.kind);
        let mut line = format!(
            "<!-- pothole:1 {} run={} head={} of={}",
            kind.map_or("finding", |(name, _)| name),
            self.run,
            self.head,
            self.findings.join(",")
        );
        if !self.declined.is_empty() {
            line.push_str(&format!(" declined={}", self.declined.join(",")));
        }
        if let Some(verdict) = &self.verdict {
            line.push_str(&format!(" verdict={}", verdict.words()));
        }
        line.push_str(" -->");
        line
    }

    /// Reads the last line of a comment.
    pub fn read(body: &str) -> Option<Self> {
        let line = body.trim_end().lines().next_back()?;
        let inner = line.strip_prefix("<!-- pothole:1 ")?.strip_suffix(" -->")?;
        let mut words = inner.split(' ');
        let kind = words.next()?;
        let mut marker = Marker {
            kind: KINDS.iter().find(|(name, _)| *name == kind)?.1,
            ..Marker::default()
        };
        for word in words {
            match word.split_once('=')? {
                ("run", value) => marker.run = value.to_owned(),
                ("head", value) => marker.head = value.to_owned(),
                ("of", value) => marker.findings = list(value)?,
                ("declined", value) => marker.declined = list(value)?,
                ("verdict", value) => marker.verdict = Some(Verdict::read(value)?),
                _ => return None,
            }
        }
        (!marker.run.is_empty()).then_some(marker)
    }
}

fn list(text: &str) -> Option<Vec<String>> {
    let names: Vec<String> = text
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let is_sound = names.len() <= MANY
        && names
            .iter()
            .all(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_sound.then_some(names)
}

/// The name of a run as a marker can hold it: nothing in it ends a word or the comment.
pub fn run_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes().take(200) {
        if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.is_empty() {
        "default".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back() {
        let marker = Marker {
            kind: Kind::Summary,
            run: run_name("api --> x"),
            head: "abc".to_owned(),
            findings: vec!["0a".to_owned(), "1b".to_owned()],
            declined: vec!["2c".to_owned()],
            verdict: Some(Verdict {
                patch: "3d".to_owned(),
                live: 2,
                worst: Some(Severity::Error),
            }),
        };
        assert_eq!(marker.run, "api%20%2D%2D%3E%20x");
        assert_eq!(
            Marker::read(&format!("text\n\n{}\r\n", marker.line())),
            Some(marker)
        );
    }

    #[test]
    fn only_the_last_line_counts() {
        let line = Marker {
            run: "a".to_owned(),
            ..Marker::default()
        }
        .line();
        assert!(Marker::read(&line).is_some());
        assert_eq!(Marker::read(&format!("{line}\nquoted")), None);
        assert_eq!(Marker::read(&format!("> {line}")), None);
        assert_eq!(
            Marker::read("<!-- pothole:1 finding run=a head= of=no,hex -->"),
            None
        );
    }
}
