"""A show of our own to measure: the repository's config with other outputs, in a folder of its own. Edge: files."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tools.bench.run.processes import Program, python, running
from tools.bench.run.result import CONFIG, ROOT
from tools.bench.run.waiting import wait_for

START_TIMEOUT_S = 60.0


def write_config(
    folder: Path, artnet_port: int, changes: Mapping[str, Mapping[str, Any]] | None = None, base: Path = CONFIG
) -> Path:
    """A copy of a configuration that finds everything from anywhere and sends to `artnet_port` on the loopback.

    Args:
        folder: for the file. artnet_port: where packets go. changes: by section, to the values in it. base: copied.
    """
    config: dict[str, Any] = yaml.safe_load(base.read_text(encoding="utf-8"))
    kind, _, place = config["audio"]["source"].partition(":")
    if kind != "device":
        config["audio"]["source"] = f"{kind}:{base.parent / place}"
    for key in ("embedder", "decoder"):
        config["model"][key] = str(base.parent / config["model"][key])
    config["profiles"] = str(base.parent / config["profiles"])
    for universe in config["universes"].values():
        for output in universe["outputs"]:
            output.update(host="127.0.0.1", port=artnet_port)
    for section, values in (changes or {}).items():
        config[section] = {**config.get(section, {}), **values}
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return file


def bundled_song() -> Path:
    """The song that `config.yaml` plays."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    source: str = config["audio"]["source"]
    return ROOT / source.partition(":")[2]


@contextmanager
def staged_show(
    folder: Path,
    artnet_port: int,
    *options: str,
    environment: dict[str, str] | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    base: Path = CONFIG,
    before: Sequence[str] = (),
) -> Iterator[Program]:
    """`followspot show`, ended when the block is left.

    Args:
        folder: for its files. artnet_port: where its packets go. options: of the command line.
        environment: all variables; None passes ours on. changes: of the configuration. base: which one.
        before: words in front of the command line, such as those of a host.
    """
    config = write_config(folder, artnet_port, changes, base)
    # the run's private folder is made where TMPDIR says: so it is found without guessing
    variables = {**(environment or os.environ), "TMPDIR": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    arguments = [*before, *python("controller", "show", "--config", str(config), *options)]
    with running(arguments, folder, "show", variables) as show:
        yield show


def run_folder(folder: Path, show: Program) -> Path:
    """The staged show's private folder, once its sockets are there."""

    def there() -> bool:
        show.check_alive()
        return any(folder.glob("followspot-*/pulses"))

    wait_for(there, START_TIMEOUT_S, "the show to open its sockets")
    return next(folder.glob("followspot-*/pulses")).parent


def free_tcp_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
