"""Tones, and what is heard of a source of sound."""

import numpy as np

RATE = 48_000


def tone(seconds=1.0, hz=1000.0, level=0.5, rate=RATE, channels=1):
    t_s = np.arange(int(seconds * rate)) / rate
    return np.repeat((level * np.sin(2 * np.pi * hz * t_s))[:, None], channels, axis=1).astype(np.float32)


def read_all(source, count=1_000):
    """Everything that a source gives, `count` samples at a time."""
    parts = []
    while len(part := source.read(count)):
        parts.append(part)
    source.close()
    return np.concatenate(parts)


def loudest_hz(mono):
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono))))
    return float(np.argmax(spectrum)) * RATE / len(mono)
