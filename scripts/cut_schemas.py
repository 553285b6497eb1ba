#!/usr/bin/env python3
"""Cuts GitHub's published descriptions of its interfaces down to what `pothole review` uses, without any prose.

    npm pack @octokit/openapi @octokit/graphql-schema      # unpack both, then:
    scripts/cut_schemas.py OPENAPI_PACKAGE GRAPHQL_PACKAGE > tests/github/schema.json

Both packages are under the MIT license, (c) Octokit contributors; the notice is kept in the result. The published
description is lax, so the objects of requests are closed, and fields with few values get them.
"""

import json
import sys
from pathlib import Path

ROUTES = {
    "/repos/{owner}/{repo}/pulls": ["get"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": ["get"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/reviews": ["post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/comments": ["post"],
    "/repos/{owner}/{repo}/pulls/comments/{comment_id}": ["patch", "delete"],
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["post"],
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ["patch"],
    "/repos/{owner}/{repo}/compare/{basehead}": ["get"],
    "/repos/{owner}/{repo}/collaborators/{username}/permission": ["get"],
}

# Fields of answers that the program reads; of the others nothing is kept.
READ = {"number", "state", "draft", "user", "login", "head", "base", "sha", "repo", "full_name", "merge_base_commit", "ref", "id",
        "permission"}

TYPES = [
    "Query", "Repository", "PullRequest", "Actor", "User", "PullRequestReviewThread", "PullRequestReviewThreadConnection",
    "PullRequestReviewComment", "PullRequestReviewCommentConnection", "IssueComment", "IssueCommentConnection", "PageInfo",
    "Mutation", "ResolveReviewThreadPayload", "MinimizeCommentPayload", "Minimizable",
    "ResolveReviewThreadInput", "MinimizeCommentInput", "ReportedContentClassifiers",
]

FIELDS = {
    "Query": {"repository"},
    "Repository": {"pullRequest"},
    "Mutation": {"resolveReviewThread", "minimizeComment"},
}


def request(schema):
    """A schema of what is sent: closed, without prose."""
    kept = {key: schema[key] for key in ("type", "enum", "required") if key in schema}
    if "properties" in schema:
        kept["properties"] = {name: request(inner) for name, inner in schema["properties"].items()}
        kept["closed"] = True
        for side in {"side", "start_side"} & set(kept["properties"]):
            kept["properties"][side]["enum"] = ["LEFT", "RIGHT"]
    if "items" in schema:
        kept["items"] = request(schema["items"])
    return kept


def answer(schema):
    """A schema of what is read: the fields that are looked at."""
    options = schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf")
    if options and "properties" not in schema:
        null = any(option.get("type") == "null" for option in options) or schema.get("nullable", False)
        first = next(option for option in options if option.get("type") != "null")
        return answer({**first, "nullable": null or first.get("nullable", False)})
    kept = {key: schema[key] for key in ("type", "enum") if key in schema}
    if schema.get("nullable"):
        kept["nullable"] = True
    if "properties" in schema:
        kept["properties"] = {n: answer(inner) for n, inner in schema["properties"].items() if n in READ}
    if "items" in schema:
        kept["items"] = answer(schema["items"])
    return kept


def operation(described):
    result = {"statuses": sorted(described["responses"])}  # pothole: ignore[missing-key] every operation has some
    if "requestBody" in described:
        result["request"] = request(described["requestBody"]["content"]["application/json"]["schema"])
    for status in ("200", "201"):
        content = described["responses"].get(status, {}).get("content")
        if content:
            result["answer"] = answer(content["application/json"]["schema"])
    return result


def name(kind):
    """`[Int!]!` from the way that introspection nests it."""
    if kind["kind"] == "NON_NULL":
        return name(kind["ofType"]) + "!"
    if kind["kind"] == "LIST":
        return "[" + name(kind["ofType"]) + "]"
    return kind["name"]


def graph_type(described):
    wanted = FIELDS.get(described["name"])
    result = {"kind": described["kind"]}
    if described.get("fields"):
        result["fields"] = {
            field["name"]: {
                "type": name(field["type"]),
                "arguments": {argument["name"]: name(argument["type"]) for argument in field["args"]},
            }
            for field in described["fields"]
            if wanted is None or field["name"] in wanted
        }
    if described.get("inputFields"):
        result["inputs"] = {field["name"]: name(field["type"]) for field in described["inputFields"]}
    if described.get("enumValues"):
        result["values"] = [value["name"] for value in described["enumValues"]]
    return result


def main(openapi, graphql):
    rest = json.loads((openapi / "generated/api.github.com.deref.json").read_text())
    graph = json.loads((graphql / "schema.json").read_text())["__schema"]  # pothole: ignore[missing-key] so the package is made
    types = {described["name"]: described for described in graph["types"]}
    packages = [json.loads((package / "package.json").read_text()) for package in (openapi, graphql)]
    print(json.dumps({
        "notice": "Cut from " + " and ".join(f"{p['name']} {p['version']}" for p in packages)
        + " by scripts/cut_schemas.py. MIT License, (c) Octokit contributors.",
        "rest": {
            f"{verb.upper()} {path}": operation(rest["paths"][path][verb])  # pothole: ignore[missing-key] a description has paths
            for path, verbs in ROUTES.items() for verb in verbs
        },
        "graph": {kind: graph_type(types[kind]) for kind in TYPES},
    }, indent=1, sort_keys=True))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
