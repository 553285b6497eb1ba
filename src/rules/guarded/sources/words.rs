//! Names of what passes a text on, cuts it, or brings it in.

/// Methods that give a part of their receiver, or the same in another form.
pub(super) const PARTS: [&str; 44] = [
    "casefold",
    "decode",
    "encode",
    "expandtabs",
    "find",
    "findall",
    "findtext",
    "get",
    "getlist",
    "getroot",
    "getvalue",
    "iter",
    "iterfind",
    "iterdir",
    "tolist",
    "fromhex",
    "copy",
    "get_content_charset",
    "get_param",
    "group",
    "groupdict",
    "groups",
    "items",
    "json",
    "lower",
    "lstrip",
    "partition",
    "pop",
    "read",
    "readline",
    "readlines",
    "removeprefix",
    "removesuffix",
    "replace",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "translate",
    "tobytes",
    "upper",
    "values",
];

/// Functions that give their first argument in another form.
pub(super) const FORMS: [&str; 32] = [
    "abs",
    "base64.b64decode",
    "base64.urlsafe_b64decode",
    "binascii.unhexlify",
    "bytearray",
    "bytes",
    "dict",
    "enumerate",
    "filter",
    "float",
    "int",
    "iter",
    "json.loads",
    "list",
    "map",
    "next",
    "os.path.basename",
    "os.path.normpath",
    "os.path.split",
    "os.path.splitext",
    "pathlib.Path",
    "reversed",
    "set",
    "sorted",
    "str",
    "tuple",
    "urllib.parse.parse_qs",
    "urllib.parse.parse_qsl",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "xml.etree.ElementTree.fromstring",
    "zlib.decompress",
];

/// Methods that take what the other side of a socket sent, whatever they are called on.
pub(super) const RECEIVES: [&str; 5] = [
    "recv",
    "recvfrom",
    "recvmsg",
    "recv_string",
    "recv_multipart",
];

/// Functions that list the names of files, which anybody may have put there.
pub(super) const LISTINGS: [&str; 8] = [
    "glob.glob",
    "glob.iglob",
    "os.listdir",
    "os.walk",
    "pathlib.Path.glob",
    "pathlib.Path.iterdir",
    "pathlib.Path.rglob",
    "xml.etree.ElementTree.parse",
];

/// What is a number, whatever has it.
pub(super) const NUMBERS: [&str; 5] = ["height", "size", "st_mtime", "st_size", "width"];

/// Functions of patterns, whose text is the second argument.
pub(super) const MATCHES: [&str; 5] = [
    "re.findall",
    "re.fullmatch",
    "re.match",
    "re.search",
    "re.split",
];

/// Methods of patterns that give parts of their argument.
pub(super) const SEARCHES: [&str; 5] = ["findall", "finditer", "fullmatch", "match", "search"];

/// Whether a function makes a document with fields of a text.
pub(super) fn is_document(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last == "json"
        || ["json.load", "json.loads", "xmltodict.parse"]
            .iter()
            .any(|end| name.ends_with(end))
}
