"""`followspot token`: a token for somebody at the page. It is shown once; the configuration keeps its digest."""

import argparse
import json
import sys
from pathlib import Path

from controller.commands.arguments import CONFIG
from controller.commands.phone import invite, typed
from controller.watching.page.access import new_token


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--role", choices=["viewer", "operator", "admin"], default="operator")
    said = "and a certificate, the lines in the configuration, and a QR code to come in by"
    parser.add_argument("--phone", action="store_true", help=said)
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="F", help=f"of --phone; default: {CONFIG}")
    parser.add_argument(
        "--host", metavar="ADDRESS", help="of --phone: the address of this machine that the phone opens"
    )
    parser.add_argument("--yes", action="store_true", help="of --phone: write without asking")


def run(options: argparse.Namespace) -> int:
    """Make one; returns the exit code."""
    if options.phone:
        ask = (lambda _question: "y") if options.yes else typed
        agreed = invite(options.config.expanduser(), options.name, options.role, options.host, ask=ask, say=print)
        if not agreed:
            print("nothing was written")
        return 0 if agreed else 1
    token, digest = new_token()
    print(f"token, shown once, for {options.name}: {token}", file=sys.stderr)
    line = f"{{name: {json.dumps(options.name)}, role: {options.role}, token_sha256: {digest}}}"
    print(f"for config.yaml, under page.access:\n  - {line}")
    return 0
