"""A command as its user calls it, but inside this process: what it said and its exit code.

Starting Python costs more than most commands do. Where the process itself is the subject (signals, what an installed
program finds, a traceback that escapes), tests start one.
"""

import contextlib
import io
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock


@contextlib.contextmanager
def _log_to(stream: io.StringIO) -> Iterator[None]:
    """No handler but those that the command makes itself, as in a process of its own; afterwards those of before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def called(
    main: Callable[[list[str]], int | None], *arguments: object, cwd: Path | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """What `main` with these arguments did."""
    words = [str(one) for one in arguments]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        stack.enter_context(mock.patch.dict(os.environ, environment))
        stack.enter_context(mock.patch.object(sys, "argv", ["followspot", *words]))
        stack.enter_context(_log_to(err))
        if cwd is not None:
            stack.enter_context(contextlib.chdir(cwd))
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
    return subprocess.CompletedProcess(words, int(code or 0), out.getvalue(), err.getvalue())
