#!/usr/bin/env python3
"""Builds the manual, a static site in English and Chinese, from what the program says of itself.

    pip install zensical
    scripts/manual.py POTHOLE OUT

Every page comes from `pothole rules` and `pothole explain`, from the README and from docs/: there is no list to keep.
"""

import argparse
import json
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
REPOSITORY = re.search(r'^repository = "(.*)"', (HOME / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
LANGUAGES = {
    "en": {"name": "English", "readme": "README.md", "docs": "docs", "rules": "Rules", "rule": "rule", "finds": "what it finds", "editors": "Editors"},
    "zh": {"name": "中文", "readme": "README.zh-CN.md", "docs": "docs/zh", "rules": "规则", "rule": "规则", "finds": "发现什么", "editors": "编辑器"},
}


def pothole(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def site_path(path, words):
    """Where a file of the repository stands in the site, if it is one of its pages or pictures."""
    folder, name = posixpath.split(path)
    if path.rstrip("/") == "rules":
        return "rules/index.md"
    if folder == words["docs"]:
        return name
    if folder in ("docs/editors", f"{words['docs']}/editors"):
        return "editors/index.md" if name == "README.md" else f"editors/{name}"
    return path if folder == "docs/pictures" else None


def page(path, words):
    """A file of the repository as a page: its links lead to other pages, or else to the repository."""
    here = site_path(path, words) or "index.md"

    def link(match):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
        inside = site_path(target, words)
        if inside:
            return f"]({posixpath.relpath(inside, posixpath.dirname(here) or '.')})"
        return f"]({REPOSITORY}/blob/main/{target})"

    text = (HOME / path).read_text(encoding="utf-8")
    return re.sub(r"\]\((?!https?://|#)([^)]+)\)", link, text)


def rules_page(words, rules):
    """The list of rules, family by family, in the program's order."""
    lines = [f"# {words['rules']}", ""]
    family = None
    for rule in rules:
        if rule["family"] != family:
            family = rule["family"]
            lines += ["", f"## {family}", "", f"| {words['rule']} | {words['finds']} |", "| --- | --- |"]
        lines.append(f"| [{rule['name']}]({rule['name']}.md) | {rule['summary'].replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def write_pages(program, words, language, pages):
    """Writes every page; what it returns is the navigation."""
    rules = json.loads(pothole(program, "rules", "--format", "json", "--lang", language))
    shutil.copytree(HOME / "docs" / "pictures", pages / "docs" / "pictures", ignore=shutil.ignore_patterns("example"))
    for folder in ("rules", "editors"):
        (pages / folder).mkdir()
    (pages / "index.md").write_text(page(words["readme"], words), encoding="utf-8")
    (pages / "rules" / "index.md").write_text(rules_page(words, rules), encoding="utf-8")
    families = {}
    for rule in rules:
        text = pothole(program, "explain", rule["name"], "--lang", language)
        (pages / "rules" / f"{rule['name']}.md").write_text(text, encoding="utf-8")
        families.setdefault(rule["family"], []).append({rule["name"]: f"rules/{rule['name']}.md"})
    more = [copy(file, words, pages) for file in sorted((HOME / words["docs"]).glob("*.md"))]
    # What is not translated stands there in English.
    homes = dict.fromkeys([HOME / "docs" / "editors", HOME / words["docs"] / "editors"])
    editors = {copy(file, words, pages) for home in homes for file in home.glob("*.md")}
    return [
        {"pothole": "index.md"},
        {words["rules"]: ["rules/index.md", *({family: names} for family, names in families.items())]},
        *more,
        {words["editors"]: sorted(editors, key=lambda name: (not name.endswith("index.md"), name))},
    ]


def copy(file, words, pages):
    """Copies a file of docs; what it returns is its place in the site."""
    path = file.relative_to(HOME).as_posix()
    target = site_path(path, words)
    if target is None:
        raise ValueError(f"{path} has no place in the site")
    (pages / target).write_text(page(path, words), encoding="utf-8")
    return target


def configuration(language, nav):
    """JSON is YAML: this is the site's mkdocs.yml."""
    palette = [
        {"media": "(prefers-color-scheme: light)", "scheme": "default", "toggle": {"icon": "lucide/sun", "name": "dark"}},
        {"media": "(prefers-color-scheme: dark)", "scheme": "slate", "toggle": {"icon": "lucide/moon", "name": "light"}},
    ]
    return json.dumps(
        {
            "site_name": "pothole",
            "repo_url": REPOSITORY,
            "docs_dir": "pages",
            "site_dir": "site",
            "nav": nav,
            "theme": {"language": language, "palette": palette, "features": ["navigation.indexes", "content.code.copy", "search.highlight"]},
            "extra": {"alternate": [{"name": other["name"], "link": f"../{code}/", "lang": code} for code, other in LANGUAGES.items()]},
            "markdown_extensions": ["tables", "pymdownx.highlight", "pymdownx.superfences"],
        },
        ensure_ascii=False,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pothole", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    if not shutil.which("zensical"):
        sys.exit("zensical is not installed: pip install zensical")
    out = options.out.resolve()
    for language, words in LANGUAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            pages = Path(folder) / "pages"
            pages.mkdir()
            nav = write_pages(options.pothole.resolve(), words, language, pages)
            (Path(folder) / "mkdocs.yml").write_text(configuration(language, nav), encoding="utf-8")
            subprocess.run(["zensical", "build", "--strict"], cwd=folder, check=True)
            shutil.copytree(Path(folder) / "site", out / language, dirs_exist_ok=True)
    start = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=en/"><a href="en/">English</a> <a href="zh/">中文</a>\n'
    (out / "index.html").write_text(start, encoding="utf-8")


if __name__ == "__main__":
    main()
