//! The files that are open in the editor, as they stand there: saved or not.

use super::positions::Encoding;
use crate::host::paths;
use crate::text::Lines;
use lsp_types::{TextDocumentContentChangeEvent, Url};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the client spells its address.
    pub(super) uri: Url,
    /// The client's number of this state.
    pub(super) version: i32,
    /// What stands in it.
    pub(super) text: Arc<str>,
}

/// The open files, by their paths on disk.
pub(super) type Documents = BTreeMap<PathBuf, Document>;

/// The path of a file; nothing for what is no file, like the old side of a comparison.
pub(super) fn path_of(uri: &Url) -> Option<PathBuf> {
    if uri.scheme() != "file" {
        return None;
    }
    let path = uri.to_file_path().ok()?;
    Some(paths::absolute(&path, Path::new("/")))
}

impl Document {
    /// Applies the client's changes, in order.
    pub(super) fn apply(&mut self, changes: &[TextDocumentContentChangeEvent], encoding: Encoding) {
        for change in changes {
            let Some(range) = change.range else {
                self.text = change.text.as_str().into();
                continue;
            };
            let lines = Lines::of(self.text.as_bytes());
            let start = encoding.offset(&self.text, &lines, range.start);
            let end = encoding.offset(&self.text, &lines, range.end).max(start);
            let text = [&self.text[..start], &change.text, &self.text[end..]].concat();
            self.text = text.into();
        }
    }

    /// What the analysis reads.
    pub(super) fn bytes(&self) -> Arc<[u8]> {
        Arc::from(self.text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    fn change(start: (u32, u32), end: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range::new(
                Position::new(start.0, start.1),
                Position::new(end.0, end.1),
            )),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn changes_build_on_each_other() -> Result<(), Box<dyn std::error::Error>> {
        let mut document = Document {
            uri: Url::parse("file:///a.py")?,
            version: 1,
            text: "a = '😀'\r\nb = 2\r\n".into(),
        };
        let changes = [
            change((0, 5), (0, 7), "x"),
            change((1, 0), (1, 0), "c\n"),
            change((2, 4), (9, 0), "3"),
        ];
        document.apply(&changes, Encoding::Utf16);
        assert_eq!(&*document.text, "a = 'x'\r\nc\nb = 3");
        Ok(())
    }

    #[test]
    fn only_files_have_a_path() -> Result<(), Box<dyn std::error::Error>> {
        assert!(path_of(&Url::parse("untitled:Untitled-1")?).is_none());
        assert!(
            path_of(&Url::parse("file:///tmp/a%20b.py")?)
                .is_some_and(|path| path.ends_with("a b.py"))
        );
        Ok(())
    }
}
