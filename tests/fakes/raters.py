"""People who rate clips, whose true preferences are known."""

import numpy as np

from controller.metrics.ratings import QUESTIONS, Rating


def scores_of(rng, liking):
    """Seven scores: what somebody likes, in each question a little differently."""
    said = np.rint(4.0 + liking + rng.normal(0.0, 0.8, len(QUESTIONS)))
    return tuple(int(one) for one in np.clip(said, 1, 7))


def rated(rng, people, likings, songs=("a", "b", "c"), taste=0.5):
    """Everybody rates every light (`likings`: name to points) of every song."""
    found = []
    for person in range(people):
        bias = rng.normal(0.0, 0.7)
        own = {light: liking + rng.normal(0.0, taste) for light, liking in likings.items()}
        for song in songs:
            for light, liking in own.items():
                found.append(Rating(f"p{person}", song, light, scores_of(rng, bias + liking)))
    return found
