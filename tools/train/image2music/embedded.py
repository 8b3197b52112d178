"""The default backend: no network, no graphics card; colours, a small classifier, and what both suggest. Never guesses.

It cannot know that a dark photograph of a concert is joyful; a mood line of the owner's corrects that.
"""

import numpy as np

from controller.arrays import Float32Array
from tools.train.image2music import colours
from tools.train.image2music.objects import SURE, Classifier, Thing
from tools.train.image2music.picture import Picture
from tools.train.image2music.reading import WORD_SHARE, Map, Reading, mixed, mood_of_words
from tools.train.image2music.sentences import Sentences

TILES = 16


class EmbeddedReader:
    """Colours, objects, and a mood line.

    Args:
        classifier: for objects. sentences: for the mood line. weights: of colours in pleasure and arousal.
    """

    def __init__(self, classifier: Classifier, sentences: Sentences, weights: colours.Weights = colours.USUAL) -> None:
        self._classifier, self._sentences, self._weights = classifier, sentences, weights
        self.name = f"embedded (EfficientNet-Lite0 {classifier.version}, colours)"

    def read(self, picture: Picture, mood: str) -> Reading:
        """See `reading.Reader`."""
        light = colours.light_of(picture.rgb, self._weights)
        palette = colours.palette(picture.rgb)
        things, _, _ = self._classifier.look(picture.rgb)
        valence, arousal = light.valence, light.arousal
        said = _statements(light, palette, things)
        if mood:
            told = mood_of_words(mood, self._sentences)
            valence, arousal = mixed((valence, arousal), told)
            said.append(
                f'The mood line "{mood}" speaks for valence {told[0]:+.2f}, arousal {told[1]:+.2f} and counts '
                f"{WORD_SHARE:.0%}."
            )
        seen = [thing.name for thing in things] or [one.name for one in palette[:2]]
        text = ", ".join([mood, *seen] if mood else seen)
        return Reading(self.name, text, valence, arousal, light, palette, tuple(said), self._maps(picture, things))

    def _maps(self, picture: Picture, things: list[Thing]) -> tuple[Map, ...]:
        valence, arousal = colours.maps(picture.rgb, self._weights)
        found = [
            Map(one.name, "cam", f'where the classifier saw "{one.name}" (p {one.probability:.2f}); exact', one.where)
            for one in things[:2]
        ]
        found.append(
            Map("valence", "pixel parts", "what each place adds to valence; their mean is it", _tiled(valence))
        )
        found.append(
            Map("arousal", "pixel parts", "what each place adds to arousal; their mean is it", _tiled(arousal))
        )
        return tuple(found)


def _tiled(values: Float32Array) -> Float32Array:
    """(h, w) means over tiles, brought to 0..1 over -1..1."""
    height, width = (max(size // TILES, 1) for size in values.shape)
    cut = values[: values.shape[0] // height * height, : values.shape[1] // width * width]
    means = cut.reshape(cut.shape[0] // height, height, cut.shape[1] // width, width).mean(axis=(1, 3))
    return np.clip(0.5 + 0.5 * means, 0.0, 1.0).astype(np.float32)


def _statements(light: colours.Light, palette: tuple[colours.Colour, ...], things: list[Thing]) -> list[str]:
    largest = ", ".join(f"{one.name} {one.weight:.0%}" for one in palette[:3])
    said = [
        f"Its largest colours are {largest}.",
        f"Brightness {light.brightness:.2f} and saturation {light.saturation:.2f} suggest "
        f"valence {light.valence:+.2f}.",
        f"Saturation, brightness and edges ({light.edges:.2f}) suggest arousal {light.arousal:+.2f}.",
    ]
    if things:
        seen = ", ".join(f"{one.name} {one.probability:.0%}" for one in things)
        said.append(f"The classifier knows: {seen}.")
    else:
        said.append(f"The classifier knows nothing in it above {SURE:.0%}: words come from its colours alone.")
    return said
