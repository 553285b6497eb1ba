#!/usr/bin/env bash
# Puts the program into POTHOLE_HOME/bin: from the runner's tool cache, from what was built before, else built here.
set -euo pipefail

bin="$POTHOLE_HOME/bin"
mkdir -p "$bin"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$POTHOLE_ACTION/Cargo.toml" | head -n 1)
tool="${RUNNER_TOOL_CACHE:-/nonexistent}/pothole/$version"

if [[ -x "$tool/pothole" ]]; then
  cp "$tool/pothole" "$bin/pothole"
elif [[ -x "$bin/pothole" ]]; then
  echo "pothole was built before (cache: ${POTHOLE_IS_CACHED:-false})"
else
  cargo build --release --locked \
    --manifest-path "$POTHOLE_ACTION/Cargo.toml" \
    --target-dir "$POTHOLE_HOME/target"
  cp "$POTHOLE_HOME/target/release/pothole" "$bin/pothole"
fi
"$bin/pothole" --version
