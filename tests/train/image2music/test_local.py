"""The local vision model: true attention, on a tiny random Qwen2.5-VL that is built in memory."""

import importlib.util

import numpy as np
import pytest

from controller.errors import OpeningError
from tools.train.image2music.local import LocalSpeaker, open_local, relative
from tools.train.image2music.picture import open_picture
from tools.train.image2music.writing import SpokenReader

PATCH, MERGE, ROWS, COLUMNS = 14, 2, 8, 12
IMAGE, START, END = 151, 152, 153


@pytest.fixture(scope="module")
def model():
    if importlib.util.find_spec("transformers") is None:
        return None
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": 160, "max_position_embeddings": 512,
            "bos_token_id": 1, "eos_token_id": 159,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2],
                                "rope_theta": 10_000.0}}  # fmt: skip
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2,
              "patch_size": PATCH,
              "spatial_merge_size": MERGE, "out_hidden_size": 32, "fullatt_block_indexes": [1],
              "window_size": 56}  # fmt: skip
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, image_token_id=IMAGE,
                              video_token_id=158,
                              vision_start_token_id=START, vision_end_token_id=END)  # fmt: skip
    config._attn_implementation = "eager"
    return Qwen2_5_VLForConditionalGeneration._from_config(config, attn_implementation="eager").eval()


def prepare(prompt, rgb):
    """Question and picture as this model takes them: patches of both frames, and an image token for four of them."""
    import torch
    from PIL import Image

    small = np.asarray(Image.fromarray(rgb).resize((COLUMNS * PATCH, ROWS * PATCH)), np.float32) / 127.5 - 1.0
    blocks = small.reshape(ROWS // MERGE, MERGE, PATCH, COLUMNS // MERGE, MERGE, PATCH, 3)
    patches = blocks.transpose(0, 3, 1, 4, 6, 2, 5).reshape(ROWS * COLUMNS, 3, 1, PATCH, PATCH)
    pixels = np.repeat(patches, 2, axis=2).reshape(ROWS * COLUMNS, -1)
    parts = ROWS * COLUMNS // MERGE**2
    ids = torch.tensor([[1, START, *[IMAGE] * parts, END, *[2 + ord(one) % 100 for one in prompt[:20]]]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": torch.from_numpy(pixels),
            "image_grid_thw": torch.tensor([[1, ROWS, COLUMNS]]),
            "mm_token_type_ids": (ids == IMAGE).to(torch.int64)}  # fmt: skip


def speaker_of(model):
    return LocalSpeaker(model, prepare, lambda ids: " ".join(str(int(one)) for one in ids), IMAGE, name="tiny",
                        most_tokens={"describing": 6, "composing": 9})  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_it_shows_where_it_looked_while_describing_and_while_composing(model, require_real, photo):
    require_real("transformers", model is not None)
    speaker, picture = speaker_of(model), open_picture(photo)
    first, second = (speaker.say("Describe.", picture, None, purpose) for purpose in ("describing", "composing"))
    for spoken, purpose in ((first, "describing"), (second, "composing")):
        assert spoken.where.name == f"while {purpose}"
        assert spoken.where.method == "vlm_attention"
        assert spoken.where.values.shape == (ROWS // MERGE, COLUMNS // MERGE)
        assert spoken.where.values.max() == pytest.approx(1.0)
        assert spoken.where.values.min() >= 0.0
    assert len(second.text.split()) > len(first.text.split())


@pytest.mark.filterwarnings("ignore")
def test_attention_is_that_of_the_answers_words_and_sums_to_less_than_one(model, require_real, photo):
    require_real("transformers", model is not None)
    import torch

    speaker, picture = speaker_of(model), open_picture(photo)
    given = prepare("What?", picture.rgb)
    answer = torch.tensor([[5, 9, 17]])
    seen = speaker.attention(given, answer)
    assert 0.0 < seen.sum() < 1.0  # the rest of it is on words
    other = speaker.attention(prepare("What?", 255 - picture.rgb), answer)
    assert not np.allclose(seen, other, rtol=1e-6, atol=0.0)


@pytest.mark.filterwarnings("ignore")
def test_a_blank_picture_over_itself_leaves_nothing(model, require_real, photo):
    require_real("transformers", model is not None)
    import torch

    speaker = speaker_of(model)
    blank = speaker.attention(prepare("What?", np.full((64, 64, 3), 128, np.uint8)), torch.tensor([[5, 9]]))
    assert relative(blank, blank).max() == 0.0


@pytest.mark.filterwarnings("ignore")
def test_without_eager_attention_it_says_so(model, require_real, photo):
    require_real("transformers", model is not None)
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    fast = Qwen2_5_VLForConditionalGeneration._from_config(model.config, attn_implementation="sdpa").eval()
    try:
        with pytest.raises(OpeningError, match="eager attention"):
            speaker_of(fast).attention(prepare("What?", open_picture(photo).rgb), torch.tensor([[5]]))
    finally:
        model.set_attn_implementation("eager")


@pytest.mark.filterwarnings("ignore")
def test_its_reading_has_its_words_its_map_and_measured_colours(model, require_real, photo):
    require_real("transformers", model is not None)

    class Anchors:
        def embed(self, texts):
            return np.eye(41, 384, dtype=np.float32)[: len(texts)]

    reading = SpokenReader(speaker_of(model), Anchors()).read(open_picture(photo), "")
    assert reading.backend == "hf-local (tiny)"
    assert reading.maps[0].method == "vlm_attention"
    assert reading.palette


def test_no_model_and_no_such_model_are_one_message(require_real):
    with pytest.raises(OpeningError, match="--model NAME"):
        open_local(None, 0)
    require_real("transformers", importlib.util.find_spec("transformers") is not None)
    with pytest.raises(OpeningError, match="cannot be loaded"):
        open_local("/nowhere/at/all", 0)
