//! The IR as text, for tests and `--dump ir`.
