#!/usr/bin/env bash
# Runs the program on what started the job: a review for a pull request, a check with annotations for everything else.
set -euo pipefail

pothole="$POTHOLE_HOME/bin/pothole"
mkdir -p "$POTHOLE_CACHE_DIR"
sarif="$POTHOLE_HOME/pothole.sarif"
paths=()
while IFS= read -r path; do
  [[ -z "$path" ]] || paths+=("$path")
done <<< "$POTHOLE_PATHS"

options=()
if [[ -n "$POTHOLE_MIN_CONFIDENCE" ]]; then
  options+=(--min-confidence "$POTHOLE_MIN_CONFIDENCE")
fi

case "$GITHUB_EVENT_NAME" in
  pull_request | pull_request_target | workflow_run)
    options+=(--name "$POTHOLE_NAME" --fail-on "$POTHOLE_FAIL_ON" --max-comments "$POTHOLE_MAX_COMMENTS")
    [[ "$POTHOLE_DRAFTS" != "true" ]] || options+=(--drafts)
    if [[ -n "$POTHOLE_FROM" ]]; then
      options+=(--from "$POTHOLE_FROM")
    else
      options+=(--sarif "$sarif")
    fi
    exec "$pothole" review ${options[@]+"${options[@]}"} -- "${paths[@]:-.}"
    ;;
  *)
    status=0
    "$pothole" check --format sarif --output "$sarif" --quiet --exit-zero ${options[@]+"${options[@]}"} -- "${paths[@]:-.}"
    echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
    "$pothole" check --format github ${options[@]+"${options[@]}"} -- "${paths[@]:-.}" || status=$?
    [[ "$POTHOLE_FAIL_ON" != "never" || "$status" -gt 1 ]] || status=0
    exit "$status"
    ;;
esac
