"""The backend `vlm`: any server that speaks OpenAI's chat interface and sees pictures, over plain HTTP. Edge: network.

llama.cpp, vLLM, Ollama and services do. What is sent is a JPEG of at most 1024 pixels without place or camera. A server
is asked first what it can; an answer has a time limit as a whole and a size limit; a key comes from an environment
variable and is in no message.
"""

import base64
import json
import os
import queue
import threading
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import numpy as np

from tools.train.image2music.errors import OpeningError
from tools.train.image2music.picture import SENT_SIDE, Picture
from tools.train.image2music.writing import Spoken

MOST_BYTES = 1_000_000
"""Of an answer."""
MOST_TOKENS = 2_000
CONNECT_S = 5.0
SPARE_S = 0.5
"""What an exchange may take beyond its limit before it is left to itself."""
PROBE_S = 15.0
PROBE_SIDE = 32


class Endpoint:
    """A server's model.

    Args:
        url: its base, such as http://127.0.0.1:8080/v1. model: name there. key: or "". timeout_s: for an answer.
        seed: sent along, for servers that draw reproducibly.
    """

    structured = True

    def __init__(self, url: str, model: str, key: str, timeout_s: float, seed: int) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise OpeningError(f"--endpoint: no address ({error}); write such as http://127.0.0.1:8080/v1") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OpeningError(f"--endpoint {url!r}: no address; write such as http://127.0.0.1:8080/v1")
        self._base = url.rstrip("/")
        host = parts.hostname + (f":{port}" if port else "")
        self._shown = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._model, self._timeout_s, self._seed = model, timeout_s, seed
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.name = f"vlm ({model or 'default model'} at {self._shown})"

    def probe(self) -> None:
        """Find out whether there is somebody who sees.

        Raises:
            OpeningError: nobody answers, or what answers cannot see.
        """
        root = self._base.removesuffix("/v1")
        props = self._get(f"{root}/props", may_fail=True)
        modalities = props.get("modalities") if isinstance(props, dict) else None
        if isinstance(modalities, dict) and modalities.get("vision") is False:
            raise OpeningError(f"{self._shown}: the model there reads text only; start the server with a vision model")
        if not self._model:
            listed = self._get(f"{self._base}/models", may_fail=True)
            data = listed.get("data") if isinstance(listed, dict) else None
            first = data[0] if isinstance(data, list) and data else None
            self._model = str(first.get("id", "")) if isinstance(first, dict) else ""
            self.name = f"vlm ({self._model or 'default model'} at {self._shown})"
        if not (isinstance(modalities, dict) and modalities.get("vision") is True):
            grey = np.full((PROBE_SIDE, PROBE_SIDE, 3), 128, np.uint8)
            blank = Picture("probe", grey, (PROBE_SIDE, PROBE_SIDE), "", (), grey)
            self._chat("Say yes.", blank, None, most_tokens=1, limit_s=min(PROBE_S, self._timeout_s))

    def say(
        self,
        prompt: str,
        picture: Picture,
        schema: dict[str, Any] | None,
        purpose: str,  # noqa: ARG002 - an endpoint shows no attention
    ) -> Spoken:
        """See `writing.Speaker`."""
        return Spoken(self._chat(prompt, picture, schema, most_tokens=MOST_TOKENS, limit_s=self._timeout_s))

    def _chat(
        self, prompt: str, picture: Picture, schema: dict[str, Any] | None, *, most_tokens: int, limit_s: float
    ) -> str:
        uri = f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg(SENT_SIDE)).decode()}"
        content = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": uri}}]
        body: dict[str, Any] = {"model": self._model, "messages": [{"role": "user", "content": content}],
                                "max_tokens": most_tokens, "temperature": 0.7, "seed": self._seed}  # fmt: skip
        if schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema, "strict": True},
            }
        status, raw = self._request("POST", f"{self._base}/chat/completions", body, limit_s)
        if status != 200:
            raise OpeningError(f"{self._shown}: answered with code {status}: {_reason(raw)}")
        try:
            text = json.loads(raw)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
            raise OpeningError(f"{self._shown}: its answer is not that of a chat server ({type(error).__name__}); "
                               "check the address, which usually ends in /v1") from error  # fmt: skip
        return text if isinstance(text, str) else ""

    def _get(self, url: str, *, may_fail: bool) -> object:
        status, raw = self._request("GET", url, None, min(PROBE_S, self._timeout_s))
        try:
            plain: object = json.loads(raw) if status == 200 else None
        except (ValueError, RecursionError):
            plain = None
        if plain is None and not may_fail:
            raise OpeningError(f"{self._shown}: {url} answered with code {status}")
        return plain

    def _request(self, method: str, url: str, body: dict[str, Any] | None, limit_s: float) -> tuple[int, bytes]:
        """Status and body of one exchange, within a time and a size as a whole.

        It has a thread of its own: a server that sends a letter now and then outlives any limit between two letters.
        """
        found: queue.SimpleQueue[tuple[int, bytes] | OpeningError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                found.put(self._exchange(method, url, body, limit_s))
            except OpeningError as error:
                found.put(error)

        threading.Thread(target=ask, name="endpoint", daemon=True).start()
        try:
            got = found.get(timeout=limit_s + SPARE_S)
        except queue.Empty:
            raise OpeningError(self._late(limit_s)) from None
        if isinstance(got, OpeningError):
            raise got
        return got

    def _exchange(self, method: str, url: str, body: dict[str, Any] | None, limit_s: float) -> tuple[int, bytes]:
        begun, raw = time.monotonic(), b""
        try:
            limit = httpx.Timeout(limit_s, connect=CONNECT_S)
            with (
                httpx.Client(headers=self._headers, timeout=limit, trust_env=False) as client,
                client.stream(method, url, json=body) as answer,
            ):
                if answer.has_redirect_location:
                    raise OpeningError(
                        f"{self._shown}: sends its callers to another place, where no picture is sent unasked; if that "
                        "is meant, name that place as --endpoint"
                    )
                for part in answer.iter_bytes():
                    raw += part
                    if len(raw) > MOST_BYTES:
                        raise OpeningError(
                            f"{self._shown}: answered with more than {MOST_BYTES / 1e6:g} MB; this is no answer"
                        )
                    if time.monotonic() - begun > limit_s:
                        raise OpeningError(self._late(limit_s))
                return answer.status_code, raw
        except httpx.TimeoutException as error:
            raise OpeningError(self._late(limit_s)) from error
        except httpx.RemoteProtocolError as error:
            raise OpeningError(
                f"{self._shown}: its answer broke off or is no HTTP ({_plain(error)}); look at the server's log, and "
                "check --endpoint"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise OpeningError(
                f"{self._shown}: cannot be reached ({_plain(error)}); start it or check --endpoint"
            ) from error

    def _late(self, limit_s: float) -> str:
        return f"{self._shown}: no whole answer within {limit_s:g} s; use --timeout, or a smaller model"


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _reason(raw: bytes) -> str:
    """What a server says is wrong, in at most 200 letters."""
    try:
        said = json.loads(raw)["error"]
        text = said["message"] if isinstance(said, dict) else said
    except (ValueError, KeyError, TypeError, RecursionError):
        text = raw.decode("utf-8", errors="replace")
    return " ".join(str(text).split())[:200] or "nothing further"


def open_endpoint(url: str | None, model: str | None, key_from: str, timeout_s: float, seed: int) -> Endpoint:
    """The endpoint, probed.

    Raises:
        OpeningError: not there, or it cannot see.
    """
    if not url:
        raise OpeningError("--backend vlm needs --endpoint URL, such as http://127.0.0.1:8080/v1")
    key = os.environ.get(key_from, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise OpeningError(f"the key in {key_from} holds what no key holds; set it again")
    endpoint = Endpoint(url, model or "", key, timeout_s, seed)
    endpoint.probe()
    return endpoint
