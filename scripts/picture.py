#!/usr/bin/env python3
"""Draws the pictures of the README from real output.

    pip install rich markdown-it-py
    scripts/picture.py POTHOLE [--chromium chromium]

The finding is what `pothole check` prints on docs/pictures/example, as an SVG; the comment is what `pothole review` would post on
a change of it, rendered by a browser.
"""

import argparse
import html
import os
import re
import subprocess
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt
from rich.console import Console
from rich.text import Text

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
EXAMPLE = PICTURES / "example"
STYLE = """
body { margin: 0; padding: 16px; width: 760px; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; }
.head { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; color: #59636e; }
.body { padding: 4px 16px; }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font: 85% ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; overflow: auto; } pre code { background: none; padding: 0; }
a { color: #0969da; } details { color: #59636e; } sub { color: #59636e; }
"""


def finding(program):
    """The terminal's text with its colours."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "104"}
    command = [program, "check", ".", "--color", "always", "--lang", "en", "--quiet"]
    shown = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=False, env=environment)
    console = Console(record=True, width=104, file=open(os.devnull, "w", encoding="utf-8"))
    console.print(Text.from_ansi("$ pothole check\n" + shown.stdout.rstrip()))
    console.save_svg(str(PICTURES / "finding.svg"), title="pothole")


def repository(folder):
    """The example as two commits: without its caller, and with it."""
    def git(*arguments):
        settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    changed, *files = sorted(EXAMPLE.glob("*.py"))  # pothole: ignore[empty-sequence] the example is there
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
    git("add", ".")
    git("commit", "-q", "-m", "Before")
    (folder / changed.name).write_bytes(changed.read_bytes())
    git("add", ".")
    git("commit", "-q", "-m", "The change")


def comment(program, chromium):
    """The comment with the longest way that the bot would post, as a browser shows it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository(folder)
        command = [program, "review", "--base", "HEAD~1", "--fail-on", "never", "--lang", "en"]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        comments = re.findall(r"^--- (\S+\.py:\d+)\n(.*?)(?=^--- )", said, re.MULTILINE | re.DOTALL)
        if not comments:
            raise SystemExit(f"nothing would be posted: {said}")
        place, body = max(comments, key=lambda comment: len(set(re.findall(r"\w+\.py", comment[1]))))
        rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
        page = folder / "comment.html"
        page.write_text(
            f'<meta charset="utf-8"><style>{STYLE}</style><div class="comment"><div class="head"><b>pothole</b> on {html.escape(place)}</div>'
            f'<div class="body">{rendered}</div></div><script>document.title = document.body.scrollHeight</script>',
            encoding="utf-8",
        )
        switches = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=2", f"--user-data-dir={name}/profile"]
        measured = [chromium, *switches, "--window-size=800,100", "--dump-dom", page.as_uri()]
        shown = subprocess.run(measured, capture_output=True, text=True, check=True).stdout
        measure = re.search(r"<title>(\d+)</title>", shown)
        if measure is None:
            raise SystemExit("the browser did not measure the page")
        height = measure[1]
        target = f"--screenshot={PICTURES / 'comment.png'}"
        subprocess.run([chromium, *switches, f"--window-size=800,{height}", target, page.as_uri()], check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pothole", type=Path)
    parser.add_argument("--chromium", default="chromium")
    options = parser.parse_args()
    program = options.pothole.resolve()
    finding(program)
    comment(program, options.chromium)


if __name__ == "__main__":
    main()
