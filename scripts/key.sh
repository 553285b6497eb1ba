#!/usr/bin/env bash
# Names what the program is built from. The runner's own hashFiles sees nothing outside of the workspace, where actions lie.
set -euo pipefail
cd "$POTHOLE_ACTION"
key=$(find Cargo.toml Cargo.lock build.rs src rules -type f | LC_ALL=C sort | git hash-object --stdin-paths | git hash-object --stdin)
echo "key=$key" >> "$GITHUB_OUTPUT"
