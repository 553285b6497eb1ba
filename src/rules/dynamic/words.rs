//! The names by which values come in from outside, and by which they are passed on.

/// Attributes of a request that the client fills.
pub(in crate::rules) const OF_REQUEST: [&str; 28] = [
    "args",
    "form",
    "values",
    "json",
    "data",
    "files",
    "cookies",
    "headers",
    "body",
    "query",
    "params",
    "GET",
    "POST",
    "COOKIES",
    "META",
    "FILES",
    "query_params",
    "query_string",
    "content",
    "path",
    "forms",
    "text",
    "remote_addr",
    "remote",
    "user_agent",
    "match_info",
    "matchdict",
    "stream",
];

/// Methods that ask a request for something that the client sent.
pub(in crate::rules) const ASKS_REQUEST: [&str; 7] = [
    "get_argument",
    "get_arguments",
    "get_query_argument",
    "get_body_argument",
    "get_json",
    "get_data",
    "get_cookie",
];

/// Those that a request handler has itself.
pub(in crate::rules) const ASKS_ITSELF: [&str; 5] = [
    "get_argument",
    "get_arguments",
    "get_query_argument",
    "get_body_argument",
    "get_cookie",
];

/// Methods that receive from a connection.
pub(in crate::rules) const RECEIVES: [&str; 6] = [
    "recv",
    "recvfrom",
    "recv_string",
    "recv_pyobj",
    "recv_multipart",
    "recv_into",
];

/// Methods that read a file.
pub(in crate::rules) const READS: [&str; 5] =
    ["read", "readline", "readlines", "read_text", "read_bytes"];

/// Functions that turn one form of a value into another.
pub(in crate::rules) const TURNS: [&str; 24] = [
    "json_decode",
    "load",
    "loads",
    "safe_load",
    "reader",
    "DictReader",
    "findall",
    "b64decode",
    "b64encode",
    "decompress",
    "unquote",
    "unhexlify",
    "dedent",
    "compile",
    "StringIO",
    "BytesIO",
    "smart_str",
    "force_text",
    "force_str",
    "ensure_str",
    "unicode",
    "format",
    "join",
    "urlsafe_b64decode",
];

/// Methods by which frameworks give the body of a request.
pub(in crate::rules) const BODY_OF_REQUEST: [&str; 6] =
    ["body", "form", "json", "post", "read", "text"];

/// Methods that fetch an object from a store in a network.
pub(in crate::rules) const DOWNLOADS: [&str; 8] = [
    "download_as_bytes",
    "download_as_string",
    "download_as_text",
    "download_blob",
    "get_blob_to_bytes",
    "get_contents_as_string",
    "get_object",
    "get_object_content",
];

/// Methods that read from what is called a store.
pub(in crate::rules) const READS_STORE: [&str; 8] = [
    "blpop", "brpop", "download", "get", "hget", "lpop", "read", "rpop",
];

/// Words for stores that others can write to.
pub(in crate::rules) const STORES: [&str; 8] = [
    "blob", "bucket", "gcs", "memcache", "minio", "redis", "s3", "sqs",
];
