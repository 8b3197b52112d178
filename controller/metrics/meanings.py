"""What the figures of a report say, in words for people who light and for those who play. Pure.

What people do is from `human_looks` (87 charted songs, 151 lit ones) and the aims of the project, which stand beside
what was measured in docs/measured.md.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """One figure.

    Attributes:
        words: its name. said: what it is, a sentence. unit: "" for a bare number, "%" for a share, which is written
            times a hundred. people: what people do, or what is aimed at; "" where neither is known.
    """

    words: str
    said: str
    unit: str = ""
    people: str = ""

    def written(self, amount: float | str) -> str:
        """A figure with its unit."""
        if isinstance(amount, str):
            return amount
        if self.unit == "%":
            return f"{100.0 * amount:.0f} %"
        number = f"{amount:.3g}" if isinstance(amount, float) else str(amount)
        return f"{number} {self.unit}".strip()


MEANINGS: dict[str, Meaning] = {
    "flashes": Meaning("Flashes", "How often the whole rig grew clearly brighter and darker again."),
    "flashes_in_worst_second": Meaning(
        "Flashes in the worst second", "The flash limiter lets no more than three pass.", people="at most 3"
    ),
    "red_flashes_in_worst_second": Meaning(
        "Red flashes in the worst second", "The same for saturated red, which is more dangerous.", people="at most 3"
    ),
    "dark_share": Meaning("Dark while music plays", "Share of the time without any light.", "%"),
    "hue_dwell_s": Meaning(
        "A colour of the model lasts", "Median time until the model wants another one.", "s", "a cue each 2.5 to 11 s"
    ),
    "loudness_brightness": Meaning(
        "Brightness follows loudness", "Correlation, -1 to 1; 0 is none.", people="most light follows a little"
    ),
    "loudness_brightness_lift": Meaning(
        "… more than it follows other music",
        "The same less what the light has in common with the song shifted in time. Higher is better.",
        people="above 0",
    ),
    "onset_change": Meaning("Light changes on hits", "Correlation of changes with beginnings of sounds, -1 to 1."),
    "onset_change_lift": Meaning(
        "… more than on hits of other music", "The same less that of the shifted song. Higher is better.",
        people="above 0",
    ),
    "intensity_variation": Meaning("Brightness varies by", "Standard deviation, of all fixtures alike; full is 1."),
    "onsets_per_minute": Meaning("Hits in the music", "Beginnings of sounds that the fast path heard.", "a minute"),
    "brightness_mean": Meaning("Brightness of the rig", "Mean over the song; full is 1."),
    "brightness_sd": Meaning(
        "Contrast of the song", "Standard deviation of the rig's brightness. Higher has more dark and more bright.",
        people=".22, aim .18 or more",
    ),
    "dim_share": Meaning("Nearly dark", "Share of the time below a tenth of the rig.", "%", "2 to 20 %"),
    "washes_lit_share": Meaning("Washes lit", "Share of washes above a quarter.", "%", "40 to 75 %"),
    "hues_median": Meaning("Colours at once", "In half of the moments no more than this.", people="1 to 2"),
    "hues_p90": Meaning("Colours at once, at most", "In nine moments of ten no more than this.", people="at most 3"),
    "forbidden_on_key_share": Meaning(
        "Mustard or lime on faces", "Share of the time; nobody looks well in it.", "%", "never"
    ),
    "key_at_floor_share": Meaning(
        "Faces lit while the band plays",
        "Share of the time; without fixtures of the role `key`, the light of all front washes.",
        "%", "always",
    ),
    "blinders_a_minute": Meaning("Blinder hits", "For big moments only.", "a minute", "at most 1"),
    "held_looks_a_minute": Meaning("Looks that hold", "Changes that a second's median still sees.", "a minute", "6.6"),
    "looks_told_a_minute": Meaning("Looks called", "Changes of look or of its colours that were decided.", "a minute"),
    "stops": Meaning("Dead stops in the music", "The band stops at once and comes back."),
    "stop_answered_ms": Meaning("A stop is answered after", "Median until half of the light is gone.", "ms", "100 ms"),
    "entry_answered_ms": Meaning("An entry is answered after", "Median until half of it is back.", "ms", "100 ms"),
    "stop_within_100_ms": Meaning("Stops answered in time", "Within 100 ms.", "%", "all"),
    "entry_within_100_ms": Meaning("Entries answered in time", "Within 100 ms.", "%", "all"),
}  # fmt: skip
