//! Calls on something unknown of which only the handlers around them tell what it is: who catches `socket.timeout` around
//! `self.link.recv(size)` has a socket there.

use super::guards::narrow_classes;
use super::search::Search;
use crate::infer::{LibraryCall, Trace};
use crate::ir::{BlockId, ExprId, ExprKind, Function, Module, Try, TryId, TryKind};
use crate::project::Evaluate;
use crate::summary::ClassRef;
use crate::types::{CallRef, FunctionRef};
use crate::value::TypeId;

/// Handlers around more statements than that may be there for any of them.
const CLOSE: u32 = 8;

/// What is lost when the other side goes.
const OF_PEERS: [&str; 3] = [
    "socket.socket",
    "asyncio.StreamReader",
    "asyncio.StreamWriter",
];

/// What handlers name, and the classes of the objects whose methods raise it. A name that ends with a dot stands for all classes of a
/// library.
const RECEIVERS: [(&str, &[&str]); 28] = [
    ("BrokenPipeError", &OF_PEERS),
    ("ConnectionAbortedError", &OF_PEERS),
    ("ConnectionError", &OF_PEERS),
    ("ConnectionRefusedError", &OF_PEERS),
    ("ConnectionResetError", &OF_PEERS),
    (
        "aiohttp.",
        &["aiohttp.ClientSession", "aiohttp.ClientResponse"],
    ),
    ("asyncio.IncompleteReadError", &["asyncio.StreamReader"]),
    ("botocore.", &["botocore.client.BaseClient"]),
    ("ftplib.", &["ftplib.FTP"]),
    (
        "http.client.",
        &["http.client.HTTPConnection", "http.client.HTTPResponse"],
    ),
    ("httpx.", &["httpx.AsyncClient", "httpx.Client"]),
    ("imaplib.", &["imaplib.IMAP4"]),
    ("kombu.", &["kombu.Producer", "kombu.Connection"]),
    ("MySQLdb.", &["MySQLdb.cursors.Cursor"]),
    ("paramiko.", &["paramiko.SSHClient", "paramiko.SFTPClient"]),
    (
        "psycopg2.",
        &[
            "psycopg2.extensions.cursor",
            "psycopg2.extensions.connection",
        ],
    ),
    ("pymongo.", &["pymongo.collection.Collection"]),
    ("pymysql.", &["pymysql.cursors.Cursor"]),
    ("redis.", &["redis.Redis", "redis.client.Pipeline"]),
    (
        "requests.exceptions.",
        &["requests.Session", "requests.Response"],
    ),
    ("serial.", &["serial.Serial"]),
    ("smtplib.", &["smtplib.SMTP"]),
    ("socket.gaierror", &["socket.socket"]),
    (
        "socket.timeout",
        &["socket.socket", "http.client.HTTPResponse"],
    ),
    ("sqlite3.", &["sqlite3.Cursor", "sqlite3.Connection"]),
    ("ssl.", &["ssl.SSLSocket"]),
    ("urllib3.", &["urllib3.HTTPResponse", "urllib3.PoolManager"]),
    ("websocket.", &["websocket.WebSocket"]),
];

/// In Python 3 `socket.timeout` is another name of it, and of what waits for much else: only what nothing but a socket does counts.
const TIMEOUT: &str = "TimeoutError";

/// Methods of sockets alone.
const OF_SOCKETS: [&str; 5] = ["accept", "recv", "recv_into", "recvfrom", "sendall"];

/// What such handlers tell: calls of methods that the analysis could not follow.
pub(super) fn calls(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    trace: &Trace,
) -> Vec<LibraryCall> {
    let (module, code) = search.program.code(function);
    let mut found = Vec::new();
    for (index, region) in code.tries.iter().enumerate() {
        if region.statements <= CLOSE
            && let Some(caught) = caught(search, function, region)
            && !is_explained(search, function, trace, TryId::new(index))
        {
            let place = Place {
                search,
                function,
                caught: &caught,
            };
            found.extend(place.calls(module, code, TryId::new(index)));
        }
    }
    found
}

/// The classes that narrow handlers of a `try` name, with nothing unknown among them.
fn caught(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    region: &Try,
) -> Option<Vec<ClassRef>> {
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return None;
    };
    let program = search.program;
    let mut all = narrow_classes(program, function, handlers)?;
    all.retain(|&class| receivers(program.class_name(class)).is_some());
    (!all.is_empty()).then_some(all)
}

fn receivers(class: &str) -> Option<&'static [&'static str]> {
    if class == TIMEOUT {
        return Some(&["socket.socket"]);
    }
    let fits = |name: &str| name == class || (name.ends_with('.') && class.starts_with(name));
    let row = RECEIVERS.iter().find(|(name, _)| fits(name))?;
    Some(row.1)
}

/// Whether something that is known to fail stands in the suite: a call of a library, or of a function of the project.
fn is_explained(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    trace: &Trace,
    region: TryId,
) -> bool {
    let (_, code) = search.program.code(function);
    let library = search.program.library;
    let raises = |call: &LibraryCall| !library.get(call.callee).summary.raises.is_empty();
    let mut of_library = trace.library.iter();
    let mut of_project = search.graph.calls_in(function).iter();
    of_library.any(|call| within(code, code.block(call.block).guard, region) && raises(call))
        || of_project.any(|site| within(code, site.guard, region))
}

/// Whether a place under `guard` stands in the body of `region`.
fn within(code: &Function, guard: Option<TryId>, region: TryId) -> bool {
    let mut at = guard;
    while let Some(guard) = at {
        if guard == region {
            return true;
        }
        at = code.region(guard).parent;
    }
    false
}

struct Place<'s, 'p, 'a> {
    search: &'s Search<'s, 'p, 'a>,
    function: FunctionRef,
    caught: &'s [ClassRef],
}

impl Place<'_, '_, '_> {
    fn calls(&self, module: &Module, code: &Function, region: TryId) -> Vec<LibraryCall> {
        let mut found: Vec<LibraryCall> = Vec::new();
        for (index, block) in code.blocks.iter().enumerate() {
            if !within(code, block.guard, region) {
                continue;
            }
            for inst in block.insts.range() {
                code.insts[inst].kind.for_each_expr(&mut |root| {
                    module.walk(root, &mut |part| {
                        if let Some(callee) = self.callee(module, part) {
                            found.push(LibraryCall {
                                call: part,
                                callee,
                                block: BlockId::new(index),
                                inst: inst as u32,
                                from_outside: false,
                            });
                        }
                    });
                });
            }
        }
        found.sort_by_key(|call| module.span(call.call).start);
        found.dedup_by_key(|call| call.call);
        found
    }

    /// What a method called on something unknown is, by the handlers around it.
    fn callee(&self, module: &Module, call: ExprId) -> Option<CallRef> {
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            return None;
        };
        let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
            return None;
        };
        let program = self.search.program;
        let (module_ref, id) = program.locate(self.function);
        let evaluate = Evaluate::new(program, module_ref, id);
        if evaluate.value(value).class != TypeId::UNKNOWN {
            return None;
        }
        let name = module.name(name);
        let dialect = program.dialect(self.function);
        self.caught.iter().find_map(|&caught| {
            let class_name = program.class_name(caught);
            if class_name == TIMEOUT && !OF_SOCKETS.contains(&name) {
                return None;
            }
            receivers(class_name)?.iter().find_map(|of| {
                let class = program.library.class(of, dialect)?;
                let callee = program.library.method(class, name)?;
                let known = program.library.get(callee);
                let is_related = known.summary.raises.iter().any(|raise| {
                    program.is_subclass(raise.class, caught, dialect) == Some(true)
                        || program.is_subclass(caught, raise.class, dialect) == Some(true)
                });
                is_related.then_some(callee)
            })
        })
    }
}
