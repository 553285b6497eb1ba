#!/usr/bin/env python3
"""Feeds GitHub's published example payloads to the program, as the events of jobs.

    npm pack @octokit/webhooks-examples      # unpack it, then:
    scripts/read_payloads.py POTHOLE PACKAGE

For each example the program runs as a job would run it, before a server on this machine that knows nothing. What it asks first
tells what it understood: the pull request by its number, or the pull requests of a branch. Every pull request is also tried as
one from a fork, from a fork that is gone, and with `pull_request_target`. Exits 1 if any payload was misunderstood.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

asked = []


class Nothing(BaseHTTPRequestHandler):
    """Knows nothing, and remembers what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked.append(urllib.parse.unquote(self.path))
        body = b'{"message": "Not Found"}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def variants(name, payload):
    """A payload, and what else could have come: event, payload, and what has to be asked (nothing: no request)."""
    if name == "pull_request":
        pull = payload["pull_request"]
        fork, gone = copy.deepcopy(payload), copy.deepcopy(payload)
        fork["pull_request"]["head"]["repo"]["full_name"] = "mallory/fork"
        gone["pull_request"]["head"]["repo"] = None
        wanted = None if pull["draft"] else f"/repos/o/r/pulls/{pull['number']}"
        for one in (payload, fork, gone):
            yield "pull_request", one, wanted
            yield "pull_request_target", one, wanted
    elif name == "workflow_run":
        run = payload["workflow_run"]
        head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
        yield name, payload, f"/repos/o/r/pulls?state=open&per_page=100&head={head}"
    else:
        yield name, payload, None


def run(pothole, folder, address, name, payload):
    """What a job of the event asks first, and how it ends."""
    event = folder / "event.json"
    event.write_text(json.dumps(payload))
    report = folder / "report.json"
    report.write_text("[]")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_"))}
    environment |= {
        "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(event), "GITHUB_REPOSITORY": "o/r",
        "GITHUB_API_URL": address, "GITHUB_TOKEN": "none", "LANG": "C",
    }
    asked.clear()
    command = [pothole, "review", *(["--from", str(report)] if name == "workflow_run" else [])]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return asked[0] if asked else None, done


def main(pothole, package):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    tried = wrong = 0
    with tempfile.TemporaryDirectory() as name:
        for index in sorted(package.glob("*/index.json")):
            for event in json.loads(index.read_text()):
                for example in event["examples"]:
                    for kind, payload, wanted in variants(event["name"], example):
                        first, done = run(pothole, Path(name), address, kind, payload)
                        tried += 1
                        is_read = "cannot be read" not in done.stderr and "panicked" not in done.stderr
                        if first != wanted or not is_read or (wanted is None and done.returncode != 0):
                            wrong += 1
                            print(f"{index.parent.name} {kind}: asked {first}, not {wanted}; {done.stderr.strip()}")
    print(f"{tried} payloads, {wrong} misunderstood")
    return int(wrong > 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])))
