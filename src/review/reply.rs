//! What people answer to the bot.

/// Whether a reply asks to be left alone: `/pothole ignore`, with a reason, on a line of its own. A quotation does not.
pub fn asks_to_ignore(body: &str) -> bool {
    body.lines()
        .any(|line| line.split_whitespace().take(2).eq(["/pothole", "ignore"]))
}

#[cfg(test)]
mod tests {
    use super::asks_to_ignore;

    #[test]
    fn a_command_stands_at_the_start_of_a_line() {
        assert!(asks_to_ignore(
            "Thanks.\r\n  /pothole ignore the router checks it\r\n"
        ));
        assert!(!asks_to_ignore("> /pothole ignore the router checks it"));
        assert!(!asks_to_ignore("Why not /pothole ignore?"));
        assert!(!asks_to_ignore("/pothole ignored it"));
    }
}
