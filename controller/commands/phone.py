"""A phone or tablet at FOH: its token, a certificate, the lines of the configuration, and a QR code to come in by.

Edge: files, the terminal, the program openssl.
"""

import contextlib
import hashlib
import shutil
import ssl
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from controller.commands.kept_yaml import Ask, Say, changed, difference, write_text
from controller.commands.qr_code import qr_lines
from controller.config import Config, checked, is_loopback, read_config
from controller.errors import ConfigError
from controller.lighting.network_cards import network_cards
from controller.watching.page.access import new_token

DAYS = 825
"""Longer certificates are refused by Apple's devices."""
CERTIFICATE, KEY = "page.crt", "page.key"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody gets: their name, role and token, and the address they come to."""

    name: str
    role: str
    token: str
    digest: str
    host: str
    port: int

    @property
    def link(self) -> str:
        """To be opened; what stands behind the # never leaves the phone but as the token itself."""
        return f"https://{self.host}:{self.port}/#token={self.token}"


def invite(file: Path, name: str, role: str, host: str | None, *, ask: Ask, say: Say) -> bool:
    """Let somebody in: show what changes, ask, write, and show the code; whether that was agreed to.

    Args:
        file: the configuration. host: address of this machine that they come to; None: the one that is configured, or
            the only one there is.

    Raises:
        ConfigError: they are there already, it is not clear by which address, or something cannot be written.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: no such file; `followspot init` makes one, or name another with --config")
    config = read_config(file)
    if any(one.name == name for one in config.page.access):
        raise ConfigError(f"{config.where(('page', 'access'))}: '{name}' has a token; remove that line for a new one")
    token, digest = new_token()
    invitation = Invitation(name, role, token, digest, _host(config, host), config.page.port)
    before = file.read_text(encoding="utf-8")
    after = with_invitation(before, invitation, certificate=config.page.certificate is None)
    checked(yaml.safe_load(after), file, {})
    say(difference(before, after, str(file)))
    if ask(f"Write this into {file}? [Y/n] ").strip().lower() not in ("", "y", "yes"):
        return False
    certificate = _written(config, after, invitation.host)
    _tell(invitation, certificate, first=not config.page.access, say=say)
    return True


def with_invitation(text: str, invitation: Invitation, *, certificate: bool) -> str:
    """A configuration's text that lets them in, otherwise as it was.

    Args:
        certificate: whether it has none yet, so that it names the one beside it.
    """

    def put(data: Any) -> None:  # noqa: ANN401 - YAML has no type
        page = data.setdefault("page", CommentedMap())
        page["host"] = invitation.host
        page["enabled"] = True
        if certificate:
            page["certificate"], page["key"] = CERTIFICATE, KEY
        row = CommentedMap(name=invitation.name, role=invitation.role, token_sha256=invitation.digest)
        row.fa.set_flow_style()
        page.setdefault("access", CommentedSeq()).append(row)

    return changed(text, put)


def _host(config: Config, wished: str | None) -> str:
    if wished:
        return wished
    if not is_loopback(config.page.host):
        return config.page.host
    own = [one.address for one in network_cards() if not is_loopback(one.address)]
    if len(own) == 1:
        return own[0]
    here = f"this machine has {', '.join(own)}" if own else "this machine is in no network"
    raise ConfigError(f"by which address does a phone come? {here}; say it with --host")


def _written(config: Config, text: str, host: str) -> Path:
    """The certificate, made if there is none, and then the configuration: both, or neither."""
    made: list[Path] = []
    try:
        if config.page.certificate is None:
            made = _certificate(config.folder, host)
        write_text(config.file, text)
    except BaseException as error:
        for one in made:
            one.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ConfigError(f"{config.file}: cannot be written: {error.strerror}") from error
        raise
    return made[0] if made else config.path(str(config.page.certificate))


def _certificate(folder: Path, host: str) -> list[Path]:
    """A certificate that signs itself for an address, and its key, which nobody else reads.

    Raises:
        ConfigError: there is one already, or no openssl here.
    """
    files = [folder / CERTIFICATE, folder / KEY]
    for one in files:
        if one.exists():
            raise ConfigError(f"{one}: is there already; name it in page.certificate and page.key, or move it away")
    program = shutil.which("openssl")
    if program is None:
        raise ConfigError(
            "the program openssl makes the certificate and is not here; install it, or see docs/access.md"
        )
    name = f"IP:{host}" if host.replace(".", "").isdecimal() or ":" in host else f"DNS:{host}"
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        drawn = [Path(aside) / CERTIFICATE, Path(aside) / KEY]
        command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", str(DAYS), "-subj", "/CN=followspot", "-addext", f"subjectAltName={name}"]
        command += ["-out", str(drawn[0]), "-keyout", str(drawn[1])]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise ConfigError(f"openssl could not make a certificate for {host}: {' '.join(last)}")
        drawn[1].chmod(0o600)
        for one, file in zip(drawn, files, strict=True):
            one.replace(file)
    return files


def _tell(invitation: Invitation, certificate: Path, *, first: bool, say: Say) -> None:
    say(qr_lines(invitation.link))
    say(f"for {invitation.name}, {invitation.role}, shown once: {invitation.link}")
    with contextlib.suppress(OSError, ValueError):
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
        digest = hashlib.sha256(der).hexdigest().upper()
        say("the browser warns once; the certificate's SHA-256 is " + ":".join(
            digest[at : at + 2] for at in range(0, len(digest), 2)
        ))  # fmt: skip
    if first:
        say("from now on everybody needs a token, the browser on this machine, too")
    say("it counts from the show's next start")


def typed(question: str) -> str:
    """An answer at the terminal; the end of input is a no."""
    print(question, end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else "n"
