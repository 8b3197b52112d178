"""`followspot token`: a token for somebody at the page. It is shown once; the configuration keeps its digest."""

import argparse
import json
import sys

from controller.watching.page.access import new_token


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--role", choices=["viewer", "operator", "admin"], default="operator")


def run(options: argparse.Namespace) -> int:
    """Make one; returns the exit code."""
    token, digest = new_token()
    print(f"token, shown once, for {options.name}: {token}", file=sys.stderr)
    line = f"{{name: {json.dumps(options.name)}, role: {options.role}, token_sha256: {digest}}}"
    print(f"for config.yaml, under page.access:\n  - {line}")
    return 0
