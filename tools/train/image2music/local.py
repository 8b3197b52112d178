"""The backend `hf-local`: a vision model in this process, and where it looks while it describes and while it composes.

Attention is read with `attn_implementation="eager"`, without which transformers gives none: after the answer is
written, one pass over question and answer gives, for every word of the answer, the attention to every part of the
picture. The mean over layers, heads and words is compared with that of the same words on a blank picture, which takes
out what a model looks at whatever it sees. Attention is no cause: the map says where, never why. Edge: loads a model.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from controller.arrays import ByteArray, Float32Array
from tools.train.image2music.cache import missing_package
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.picture import Picture
from tools.train.image2music.reading import Map
from tools.train.image2music.writing import Spoken

MOST_TOKENS = {"describing": 200, "composing": 700}
GREY = 128
Prepare = Callable[[str, ByteArray], dict[str, Any]]


class LocalSpeaker:
    """A model, and how to ask it.

    Args:
        model: takes what `prepare` gives, generates, and gives attentions. prepare: question and picture to tensors,
            with `input_ids` (1, L). decode: ids to text. image_token: id of a part of a picture among `input_ids`.
    """

    structured = False

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - any model of the library
        prepare: Prepare,
        decode: Callable[[Any], str],
        image_token: int,
        *,
        name: str,
        seed: int = 0,
        most_tokens: dict[str, int] | None = None,
    ) -> None:
        self.name = f"hf-local ({name})"
        self._model, self._prepare, self._decode, self._image_token = model, prepare, decode, image_token
        self._seed, self._most = seed, most_tokens or MOST_TOKENS

    def say(
        self,
        prompt: str,
        picture: Picture,
        schema: dict[str, Any] | None,  # noqa: ARG002 - it is held to none
        purpose: str,
    ) -> Spoken:
        """See `writing.Speaker`."""
        import torch  # noqa: PLC0415 - only for those who use this backend

        torch.manual_seed(self._seed)
        given = self._prepare(prompt, picture.rgb)
        with torch.no_grad():
            whole = self._model.generate(
                **given, max_new_tokens=self._most[purpose], do_sample=False, suppress_tokens=[self._image_token]
            )
        answer = whole[:, given["input_ids"].shape[1] :]
        seen = self.attention(given, answer)
        blank = self.attention(self._prepare(prompt, np.full_like(picture.rgb, GREY)), answer)
        says = f"where the model looked while {purpose}, over what it looks at on a blank picture"
        where = Map(f"while {purpose}", "vlm_attention", says, relative(seen, blank))
        return Spoken(self._decode(answer[0]), where)

    def attention(self, given: dict[str, Any], answer: Any) -> Float32Array:  # noqa: ANN401 - a tensor
        """(h, w) mean attention of an answer (1, N) to the parts of the picture in `given`.

        Raises:
            OpeningError: the model gives no attention, or sees no picture.
        """
        import torch  # noqa: PLC0415

        asked = given["input_ids"]
        ids = torch.cat([asked, answer], dim=1)
        with torch.no_grad():
            more = {
                name: one
                for name, one in given.items()
                if name not in ("input_ids", "attention_mask", "mm_token_type_ids")
            }
            if "mm_token_type_ids" in given:
                zeros = torch.zeros_like(answer)
                more["mm_token_type_ids"] = torch.cat([given["mm_token_type_ids"], zeros], dim=1)
            out = self._model(input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True, **more)
        layers = [one for one in (out.attentions or ()) if one is not None]
        if not layers:
            raise OpeningError(f"{self.name}: gives no attention; load it with eager attention")
        parts = (asked[0] == self._image_token).nonzero()[:, 0]
        if not len(parts):
            raise OpeningError(f"{self.name}: its question holds no picture; use a vision model")
        first = asked.shape[1] - 1  # the row before a word is the one that chose it
        rows = torch.stack([one[0, :, first:-1, :].float().mean(dim=(0, 1)) for one in layers]).mean(dim=0)
        return _grid(rows[parts].cpu().numpy(), given)


def _grid(values: Float32Array, given: dict[str, Any]) -> Float32Array:
    """Parts of the picture in rows and columns."""
    if "image_grid_thw" in given:
        _, height, width = (int(one) for one in given["image_grid_thw"][0])
        merge = max(round((height * width / len(values)) ** 0.5), 1)
        return values.reshape(height // merge, width // merge)
    side = int(len(values) ** 0.5)
    return values[: side * side].reshape(side, side)


def relative(seen: Float32Array, blank: Float32Array) -> Float32Array:
    """What is above the blank picture's share, brought to 0..1."""
    if seen.shape != blank.shape:
        raise OpeningError("the blank picture has other parts than the picture; this model cannot be compared")
    above = np.maximum(seen / seen.sum() - blank / blank.sum(), 0.0)
    return np.asarray(above / max(float(above.max()), 1e-12), np.float32)


def open_local(name: str | None, seed: int) -> LocalSpeaker:
    """Load a model by folder or hub name.

    Raises:
        OpeningError: the package or the model is not there.
    """
    if not name:
        raise OpeningError("--backend hf-local needs --model NAME, a folder or a hub name of a vision model")
    try:
        from transformers import AutoModelForImageTextToText, AutoProcessor  # noqa: PLC0415
    except ImportError as error:
        raise missing_package(error) from error
    try:
        processor = AutoProcessor.from_pretrained(name)
        model = AutoModelForImageTextToText.from_pretrained(name, attn_implementation="eager", dtype="auto").eval()
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise OpeningError(f"{name}: cannot be loaded: {first}") from error

    def prepare(prompt: str, rgb: ByteArray) -> dict[str, Any]:
        content = [{"type": "image", "image": Image.fromarray(rgb)}, {"type": "text", "text": prompt}]
        return dict(processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True,
                                                  tokenize=True, return_dict=True, return_tensors="pt"))  # fmt: skip

    def decode(ids: Any) -> str:  # noqa: ANN401 - a tensor
        return processor.decode(ids, skip_special_tokens=True)

    token = getattr(model.config, "image_token_id", None)
    if token is None:
        raise OpeningError(f"{name}: reads no pictures; use a vision model")
    return LocalSpeaker(model, prepare, decode, int(token), name=name, seed=seed)
