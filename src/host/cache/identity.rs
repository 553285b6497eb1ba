//! Which build of the program this is: what another one wrote, none reads.

use std::env;
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::xxh3_64;

/// A name for this build. A release is known by the hash of its sources, so that machines can share a cache; what a
/// developer builds from hour to hour, by the time at which it was built.
pub(super) fn of_program() -> Option<String> {
    let sources = env!("POTHOLE_SOURCES");
    if !sources.is_empty() {
        return Some(sources.to_owned());
    }
    let metadata = env::current_exe().ok()?.metadata().ok()?;
    let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let text = format!("{} {}", time.as_nanos(), metadata.len());
    Some(format!("{:016x}", xxh3_64(text.as_bytes())))
}
