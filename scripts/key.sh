#!/usr/bin/env bash
# Names what the program is built from. The runner's own hashFiles sees nothing outside of the workspace, where actions lie.
set -euo pipefail
# Whole paths: git takes others from the root of the repository that the action may lie in.
built_from=()
for name in Cargo.toml Cargo.lock build.rs src rules; do
  built_from+=("$POTHOLE_ACTION/$name")
done
key=$(find "${built_from[@]}" -type f | LC_ALL=C sort | git hash-object --stdin-paths | git hash-object --stdin)
echo "key=$key" >> "$GITHUB_OUTPUT"
