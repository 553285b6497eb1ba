//! A server that understands as much of HTTP as one client needs.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// `GET`.
    pub verb: String,
    /// The path with what follows `?`.
    pub path: String,
    /// With lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer. A status of 0 cuts the connection.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers besides the necessary ones.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// Serves on a free port of this machine until the program ends; tells its address.
pub fn serve(answer: impl Fn(Ask) -> Reply + Send + Sync + 'static) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that goes away in the middle is its own trouble.
            thread::spawn(move || drop(talk(stream, answer.as_ref())));
        }
    });
    Ok(address)
}

fn talk(stream: TcpStream, answer: &dyn Fn(Ask) -> Reply) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(ask) = read(&mut reader)? {
        let reply = answer(ask);
        if reply.status == 0 {
            return Ok(());
        }
        let mut head = format!(
            "HTTP/1.1 {} Status\r\ncontent-length: {}\r\n",
            reply.status,
            reply.body.len()
        );
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        writer.write_all(
            format!("{head}content-type: application/json\r\n\r\n{}", reply.body).as_bytes(),
        )?;
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> io::Result<Option<Ask>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (verb, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = Vec::new();
    reader.take(length.unwrap_or(0)).read_to_end(&mut body)?;
    Ok(Some(Ask {
        verb,
        path,
        headers,
        body,
    }))
}
