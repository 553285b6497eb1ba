//! Names of what passes a text on, cuts it, or brings it in.

use crate::flow::outside;

/// Methods that give a part of their receiver, or the same in another form, besides those that the flow of a function follows: of a
/// document the parts have types of their own.
const PARTS: [&str; 14] = [
    "copy",
    "find",
    "findall",
    "findtext",
    "fromhex",
    "get_content_charset",
    "get_param",
    "getroot",
    "groupdict",
    "iter",
    "iterdir",
    "iterfind",
    "tobytes",
    "tolist",
];

/// Functions that give their first argument in another form, besides those that the flow of a function follows.
const FORMS: [&str; 51] = [
    "abs",
    "ast.literal_eval",
    "base64.b32decode",
    "base64.standard_b64decode",
    "binascii.a2b_base64",
    "binascii.a2b_hex",
    "binascii.unhexlify",
    "bytearray",
    "bytes.fromhex",
    "bz2.decompress",
    "codecs.decode",
    "codecs.encode",
    "collections.deque",
    "email.message_from_bytes",
    "email.message_from_string",
    "filter",
    "float",
    "frozenset",
    "gzip.decompress",
    "html.unescape",
    "int",
    "io.BytesIO",
    "io.StringIO",
    "io.TextIOWrapper",
    "itertools.islice",
    "json.load",
    "lzma.decompress",
    "map",
    "os.fsdecode",
    "os.fsencode",
    "os.path.abspath",
    "os.path.basename",
    "os.path.normpath",
    "os.path.split",
    "os.path.splitdrive",
    "os.path.splitext",
    "pathlib.Path",
    "set",
    "shlex.quote",
    "shlex.split",
    "textwrap.dedent",
    "unicodedata.normalize",
    "urllib.parse.parse_qsl",
    "urllib.parse.unquote_plus",
    "urllib.parse.urldefrag",
    "urllib.parse.urlparse",
    "urllib.parse.urlsplit",
    "xml.dom.minidom.parseString",
    "xml.etree.ElementTree.fromstring",
    "yaml.safe_load",
    "zlib.decompress",
];

/// Whether a method gives a part of its receiver, or the same in another form.
pub(super) fn is_part(name: &str) -> bool {
    outside::PARTS.contains(&name) || PARTS.contains(&name)
}

/// Whether a function gives its first argument in another form.
pub(super) fn is_form(name: &str) -> bool {
    outside::FORMS.contains(&name) || FORMS.contains(&name)
}

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
