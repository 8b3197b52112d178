"""Published weights from a hub on this machine: whole, cut off, gone on with, lying, not there."""

import io
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from controller.artefacts.pulling import PUBLISHED, pull
from controller.errors import ModelError


class Hub:
    """A hub that serves files, whole or not."""

    def __init__(self):
        self.files, self.asked, self.cut_after = {}, [], None
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                hub.asked.append((self.path, self.headers.get("Range")))
                data = hub.files.get(self.path)
                if data is None:
                    self.send_error(404)
                    return
                begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
                if begin >= len(data):
                    self.send_error(416)
                    return
                self.send_response(206 if begin else 200)
                self.send_header("Content-Length", str(len(data) - begin))
                self.end_headers()
                self.wfile.write(data[begin:] if hub.cut_after is None else data[begin : begin + hub.cut_after])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def hub():
    made = Hub()
    yield made
    made.server.shutdown()
    made.server.server_close()


def place(name):
    return f"/{PUBLISHED[name].repository}/resolve/main/{PUBLISHED[name].file}"


def archive(names):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in names:
            file.writestr(name, name.encode() * 1000)
    return packed.getvalue()


def test_an_archive_is_fetched_and_only_what_is_expected_comes_out(hub, tmp_path):
    hub.files[place("skip-bart")] = archive(["trained/bart_finetune.pth", "trained/head_finetune.pth", "../evil.py"])
    found = pull("skip-bart", tmp_path, hub.url)
    assert sorted(path.name for path in found) == ["bart_finetune.pth", "head_finetune.pth"]
    assert {path.name for path in tmp_path.iterdir()} == {"trained.zip", "bart_finetune.pth", "head_finetune.pth"}
    assert not (tmp_path.parent / "evil.py").exists()


def test_what_was_cut_off_goes_on(hub, tmp_path):
    hub.files[place("pianobart")] = bytes(range(256)) * 1000
    hub.cut_after = 100_000
    with pytest.raises(ModelError, match="goes on with it"):
        pull("pianobart", tmp_path, hub.url)
    assert not (tmp_path / "model.safetensors").exists()
    hub.cut_after = None
    assert pull("pianobart", tmp_path, hub.url)[0].read_bytes() == bytes(range(256)) * 1000
    assert hub.asked[-1][1] == "bytes=100000-"
    asked = len(hub.asked)
    pull("pianobart", tmp_path, hub.url)
    assert len(hub.asked) == asked, "what is there is not fetched again"


def test_whole_before_it_was_renamed(hub, tmp_path):
    """Killed between the last byte and the name: the hub says that there is no more."""
    hub.files[place("pianobart")] = b"weights"
    (tmp_path / "model.safetensors.part").write_bytes(b"weights")
    assert pull("pianobart", tmp_path, hub.url)[0].read_bytes() == b"weights"


@pytest.mark.parametrize(
    ("name", "files", "said"),
    [
        ("nothing", {}, "there are skip-bart"),
        ("pianobart", {}, "404"),
        ("skip-bart", {"skip-bart": b"no archive"}, "not a whole archive"),
        ("skip-bart", {"skip-bart": archive(["trained/bart_finetune.pth"])}, "head_finetune.pth is not in it"),
    ],
)
def test_what_cannot_be_had_is_said(hub, tmp_path, name, files, said):
    hub.files = {place(one): data for one, data in files.items()}
    with pytest.raises(ModelError, match=said):
        pull(name, tmp_path, hub.url)


def test_too_much_is_not_fetched(hub, tmp_path, monkeypatch):
    monkeypatch.setattr("controller.artefacts.pulling.MOST_BYTES", 10)
    hub.files[place("pianobart")] = b"more than ten bytes"
    with pytest.raises(ModelError, match="at most"):
        pull("pianobart", tmp_path, hub.url)


def test_no_network_is_one_line_and_not_zero(tmp_path):
    command = [sys.executable, "-P", "-m", "controller", "models", "pull", "pianobart", "--hub", "http://127.0.0.1:9"]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the same command goes on with it" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_says_what_is_next(hub, tmp_path):
    hub.files[place("skip-bart")] = archive(["bart_finetune.pth", "head_finetune.pth"])
    command = [sys.executable, "-P", "-m", "controller", "models", "pull", "skip-bart", "--hub", hub.url]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, check=True)
    assert "tools.train.skipbart import --bart" in done.stdout
    assert done.stdout.count("sha256") == 2
