//! The language server: what editors ask, answered from an analysis of whole projects that is kept warm.

mod actions;
mod client;
mod diagnostics;
mod documents;
mod hover;
mod outbox;
mod positions;
mod server;
mod snapshot;
mod worker;

use lsp_server::{Connection, ProtocolError};
use server::Server;
use std::io;

/// Why a server stopped that nobody told to.
#[derive(Debug, thiserror::Error)]
pub enum EditorFault {
    /// The client does not speak the protocol.
    #[error("the editor does not speak the language server protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The analysis has no thread, or the channels to the client broke.
    #[error("the language server cannot work: {0}")]
    System(#[from] io::Error),
}

/// Serves one editor on standard input and output until it says goodbye; the number is the exit code.
///
/// # Errors
/// If the client breaks the protocol before it is set up, or the system refuses.
pub fn serve() -> Result<u8, EditorFault> {
    let (connection, threads) = Connection::stdio();
    let code = Server::meet(&connection)?.run(&connection.receiver);
    drop(connection);
    threads.join()?;
    Ok(code)
}
