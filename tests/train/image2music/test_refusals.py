"""What goes wrong, as its user sees it: the real command, one sentence that helps, and DIR as it was."""

import http.server
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from called import called
from PIL import Image
from promise import HANG_S

from controller.listening.opening.opening import read_opening
from tools.train.image2music.__main__ import main
from tools.train.image2music.picture import MOST_PIXELS

ROOT = Path(__file__).parents[3]
OFFER = "or leave --backend out: the embedded backend needs no network"
GOOD = {"description": "a red sky", "objects": ["sky"], "mood": ["calm"], "valence": 0.4, "arousal": -0.3}


def command(*arguments):
    return [sys.executable, "-P", "-m", "tools.train.image2music", *map(str, arguments)]


def run(*arguments, **settings):
    return called(main, *arguments, **settings)


def what_is_in(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


@pytest.fixture
def before(tmp_path):
    """A folder with an opening in it that must not change, and nothing beside it."""
    place = tmp_path / "openings"
    (place / "friday").mkdir(parents=True)
    (place / "friday" / "seed.json").write_text("{}")
    (place / "friday" / "tune.abc").write_text("X:1\n")
    return place


def refusal(done, place, kept):
    """The one line that was said; nothing else may have happened."""
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("image2music compose: "), line
    assert len(line) < 700
    assert done.stdout == ""
    assert what_is_in(place) == kept
    assert sorted(one.name for one in place.iterdir()) == ["friday"]  # no folder half-written beside it either
    return line


class Answers(http.server.BaseHTTPRequestHandler):
    """A chat server that sees, until it is asked something."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        self.plain(200, json.dumps({"modalities": {"vision": True}, "data": [{"id": "seer"}]}).encode())

    def do_POST(self):
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.say(self)

    def plain(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        for name, one in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, one)
        self.end_headers()
        self.wfile.write(body)

    def chat(self, text):
        self.plain(200, json.dumps({"choices": [{"message": {"content": text}}]}).encode())


class Chats(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, say):
        super().__init__(("127.0.0.1", 0), Answers)
        self.say, self.asked = say, []

    def handle_error(self, *_):
        """A client that has had enough hangs up."""


@contextmanager
def chats(say):
    server = Chats(say)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sleeps(handler):
    threading.Event().wait(4.0)
    handler.chat(json.dumps(GOOD))


def drips(handler):
    """Never quiet for long, and never done: the body comes letter by letter."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        threading.Event().wait(0.1)


def drips_before_it_begins(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Patience: ")
    for _ in range(40):
        handler.wfile.write(b"x")
        threading.Event().wait(0.1)


def breaks_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"message": {"con')
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def hangs_up(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def no_http(handler):
    handler.wfile.write(b"220 mail.example.org ESMTP\r\n" * 3)
    handler.close_connection = True


HTML = b"<!doctype html><title>Welcome to nginx!</title>"
WRONG = {
    "slow": (sleeps, "no whole answer within 1 s; use --timeout"),
    "dripping": (drips, "no whole answer within 1 s; use --timeout"),
    "dripping headers": (drips_before_it_begins, "no whole answer within 1 s; use --timeout"),
    "5 MB": (lambda handler: handler.plain(200, b"x" * 5_000_000), "answered with more than 1 MB"),
    "5 MB of chat": (lambda handler: handler.chat("x" * 5_000_000), "answered with more than 1 MB"),
    "breaking off": (breaks_off, "broke off"),
    "hanging up": (hangs_up, "broke off"),
    "mail server": (no_http, "no HTTP"),
    "no JSON in a good envelope": (lambda handler: handler.chat("Sure! Here is a poem."), "holds no JSON object"),
    "broken JSON": (lambda handler: handler.chat('{"description": "a'), "JSON"),
    "another schema": (lambda handler: handler.chat('{"mood": 3}'), "objects, valence, arousal are missing"),
    "deep JSON": (lambda handler: handler.plain(200, b"[" * 400_000), "not that of a chat server"),
    "JSON that is not": (lambda handler: handler.plain(200, b'{"choices": ['), "not that of a chat server"),
    "a page": (lambda handler: handler.plain(200, HTML, "text/html"), "not that of a chat server"),
    "bytes": (lambda handler: handler.plain(200, bytes(range(256)) * 9, "image/png"), "not that of a chat server"),
    "an error of many lines": (lambda handler: handler.plain(500, b"Trace:\n\n  boom\n"), "code 500: Trace: boom"),
    "no key": (lambda handler: handler.plain(401, b'{"error": {"message": "invalid key"}}'), "code 401: invalid key"),
}  # fmt: skip
THRICE = ("no JSON in a good envelope", "broken JSON", "another schema")


@pytest.mark.parametrize("kind", WRONG)
def test_an_endpoint_that_misbehaves_is_one_sentence_and_changes_nothing(built, photo, before, kind):
    say, words = WRONG[kind]
    patience = "1" if "within 1 s" in words else str(HANG_S)  # on a busy machine an answer takes its time
    kept = what_is_in(before)
    with chats(say) as (server, url):
        begun_s = time.monotonic()
        done = run("compose", photo, "--out", before / "friday", "--backend", "vlm", "--endpoint", url,
                   "--timeout", patience, *built)  # fmt: skip
        took_s = time.monotonic() - begun_s
    line = refusal(done, before, kept)
    assert words in line
    assert line.endswith(OFFER)
    assert url in line
    asked = len(server.asked)  # on a busy machine a second is over before anything was asked
    assert asked == (3 if kind in THRICE else 1) or (patience == "1" and not asked)
    assert took_s < HANG_S  # a dripping server would have needed hours


def test_an_endpoint_that_sends_elsewhere_gets_no_picture_there(built, photo, before):
    kept = what_is_in(before)
    with chats(lambda handler: handler.chat(json.dumps(GOOD))) as (other, elsewhere):

        def sends_on(handler):
            handler.plain(307, b"", Location=f"{elsewhere}/chat/completions")

        with chats(sends_on) as (_, url):
            done = run("compose", photo, "--out", before / "new", "--backend", "vlm", "--endpoint", url, *built)
    line = refusal(done, before, kept)
    assert "to another place" in line
    assert line.endswith(OFFER)
    assert other.asked == []


@pytest.mark.parametrize(("url", "words"), [
    ("http://127.0.0.1:{free}/v1", "cannot be reached"),
    ("http://nobody.invalid/v1", "cannot be reached"),
    ("http://127.0.0.1:99999/v1", "Port out of range"),
    ("http://[::1/v1", "Invalid IPv6"),
    ("127.0.0.1:8080", "no address"),
    ("file:///etc/passwd", "no address"),
], ids=["nobody there", "no such name", "no port", "no brackets", "no scheme", "a file"])  # fmt: skip
def test_an_endpoint_that_is_not_there_is_one_sentence(photo, before, url, words):
    kept = what_is_in(before)
    with socket.create_server(("127.0.0.1", 0)) as one:
        free = one.getsockname()[1]
    done = run("compose", photo, "--out", before / "new", "--backend", "vlm", "--endpoint", url.format(free=free))
    line = refusal(done, before, kept)
    assert words in line
    assert line.endswith(OFFER)


def test_a_key_that_cannot_be_sent_is_not_shown(photo, before):
    done = run("compose", photo, "--out", before / "new", "--backend", "vlm", "--endpoint", "http://127.0.0.1:9/v1",
               FOLLOWSPOT_VLM_KEY="s3same\x07and more")  # fmt: skip
    line = refusal(done, before, what_is_in(before))
    assert "FOLLOWSPOT_VLM_KEY" in line
    assert "s3same" not in line


def no_pictures(folder: Path, png_of) -> dict[str, str]:
    """Files that are no picture, or too much of one, and what is said of each."""
    side = int(MOST_PIXELS**0.5) + 1
    Image.effect_noise((300, 200), 60).save(folder / "cut.jpg", quality=95)
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:900])
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (folder / "zero.jpg").write_bytes(b"")
    (folder / "bomb.png").write_bytes(png_of(side, side, bytes(1_000)))
    (folder / "worse.png").write_bytes(png_of(60_000, 60_000, bytes(1_000)))
    with (folder / "huge.png").open("wb") as out:
        out.truncate(70_000_000)
    (folder / "words.jpg").write_bytes(b"no picture at all" * 9)
    (folder / "vector.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "thin.png").write_bytes(png_of(4, 900))
    (folder / "two\nlines.png").write_bytes(b"")
    (folder / "folder.png").mkdir()
    return {"cut.jpg": "damaged", "broken.png": "that is known", "zero.jpg": "empty", "bomb.png": "megapixels",
            "worse.png": "megapixels", "huge.png": "70 MB", "words.jpg": "that is known", "vector.svg": "SVG",
            "thin.png": "at least 8 x 8", "two\nlines.png": "empty", "folder.png": "not a file",
            "nowhere.png": "no such file"}  # fmt: skip


def test_what_is_no_picture_is_one_sentence_and_changes_nothing(before, tmp_path, png_of):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, words in no_pictures(folder, png_of).items():
        line = refusal(run("compose", folder / name, "--out", before / "friday"), before, what_is_in(before))
        assert words in line, name


def test_odd_pictures_are_read_and_what_was_done_to_them_is_said(built, before, tmp_path):
    grey = np.linspace(0, 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "deep.png")
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    frames = [Image.new("RGB", (40, 40), one) for one in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    for name, words in {"deep.png": "mode I;16", "print.jpg": "ink (CMYK)", "moving.gif": "animated"}.items():
        done = run("compose", tmp_path / name, "--out", before / name, "--bars", "8", "--synth", "sines", *built)
        assert done.returncode == 0, done.stderr
        lines = done.stderr.splitlines()
        assert len([line for line in lines if words in line]) == 1
        assert all("image2music" in line for line in lines)
        assert read_opening(before / name)[0].bars == 8


def test_odd_titles_moods_and_names_are_one_line_everywhere(built, photo, before, tmp_path):
    odd = tmp_path / "100% [odd] <i>näme\nof two.png"
    odd.write_bytes(photo.read_bytes())
    for number, arguments in enumerate([
        ("--title", "x\nK:C\n%%evil \\", "--mood", "two\nlines <b>\x07" * 60), ("--title", "é" * 900), ()
    ]):  # fmt: skip
        out = before / str(number)
        done = run("compose", odd, "--out", out, "--bars", "8", "--synth", "sines", *arguments, *built)
        assert done.returncode == 0, done.stderr
        opening = read_opening(out)[0]  # as the show reads it, which has a limit of its own
        assert opening.title.isprintable()
        assert len(opening.title) <= 120
        fields = [one[:2] for one in (out / "tune.abc").read_text().splitlines()[:7]]
        assert fields == ["X:", "T:", "N:", "M:", "L:", "Q:", "K:"]
        assert "<i>n" not in (out / "report.html").read_text()
        assert "lines <b>" not in (out / "report.html").read_text()
    assert opening.title == "Opening for 100% [odd] <i>näme of two"
    assert "T:Opening for 100\\% [odd]" in (out / "tune.abc").read_text()


def test_programs_that_are_not_there_are_named(built, photo, before):
    done = run("compose", photo, "--out", before / "new", "--bars", "8", *built, PATH="/nowhere")
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert [one.split(":")[0] for one in said] == ["image2music"] * 3
    assert [one.split()[1] for one in said] == ["fluidsynth", "abcm2ps", "abc2midi"]
    assert read_opening(before / "new")[0].bars == 8


def test_stopping_it_leaves_nothing_behind(built, photo, before):
    kept = what_is_in(before)
    # whoever runs the tests in the background has told its children to heed no SIGINT
    heeding = (
        "env",
        "--default-signal=INT",
        *command("compose", photo, "--out", before / "friday", "--bars", "64", *built),
    )
    with subprocess.Popen(heeding, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as composing:  # fmt: skip
        # stopped and continued step by step: on a busy machine it would be done before anybody saw that it writes
        while not list(before.glob(".friday.coming/tune.mid")):  # it writes; the sound is still to come
            assert composing.poll() is None, composing.communicate()
            composing.send_signal(signal.SIGCONT)
            time.sleep(0.002)  # noqa: TID251 - a real process takes real time
            composing.send_signal(signal.SIGSTOP)
        composing.send_signal(signal.SIGINT)
        composing.send_signal(signal.SIGCONT)
        said, told = composing.communicate(timeout=600)
    assert composing.returncode == 130
    assert told.splitlines() == ["image2music compose: stopped"]
    assert said == ""
    assert what_is_in(before) == kept
    assert [one.name for one in before.iterdir()] == ["friday"]
