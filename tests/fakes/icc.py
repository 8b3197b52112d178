"""Colour profiles (ICC.1, version 2) and pictures written in their spaces: what cameras, phones and presses bring."""

import struct

import numpy as np

D50, D65 = np.array([0.9642, 1.0, 0.8249]), np.array([0.95047, 1.0, 1.08883])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SPACES = {
    "Display P3": (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), D65, 2.2),
    "Adobe RGB": (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), D65, 563 / 256),
    "ProPhoto RGB": (((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)), D50, 1.8),
}
"""Primaries, white and gamma."""
INKS = np.array([(0.18, 0.47, 0.66), (0.62, 0.16, 0.30), (0.88, 0.79, 0.10)])
PAPER = np.array([0.90, 0.89, 0.86])


def to_pcs(primaries, white):
    """Linear RGB to XYZ under D50."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    xyz = columns * np.linalg.solve(columns, white)
    gain = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    return np.linalg.inv(BRADFORD) @ gain @ BRADFORD @ xyz


def fixed(numbers):
    return b"".join(struct.pack(">i", round(float(one) * 65536)) for one in np.ravel(numbers))


def profile(kind, space, pcs, tags):
    """The bytes of a profile."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78, b"cprt": b"text\0\0\0\0none\0",
            b"wtpt": b"XYZ \0\0\0\0" + fixed(D50), **tags}  # fmt: skip
    table, body = b"", b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = 132 + 12 * len(tags) + len(body)
    head = struct.pack(">I4sI4s4s4s12s4s", size, b"none", 0x02400000, kind, space, pcs, b"\0" * 12, b"acsp")
    return (head + b"\0" * 28 + fixed(D50)).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def gamma_curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def of_space(name):
    """The profile of one of `SPACES`."""
    primaries, white, gamma = SPACES[name]
    columns = to_pcs(primaries, white).T
    tags = {one: b"XYZ \0\0\0\0" + fixed(xyz) for one, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma_curve(gamma))
    return profile(b"mntr", b"RGB ", b"XYZ ", tags | curves)


def of_grey(gamma=2.2):
    """A grey scale's."""
    return profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma_curve(gamma)})


def of_press(steps=7):
    """A press's: a table from ink to Lab (lut16)."""
    axes = np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    share = (printed(axes) @ to_pcs(SRGB, D65).T) / D50
    f = np.where(share > 216 / 24389, np.cbrt(np.maximum(share, 0)), (24389 / 27 * share + 16) / 116)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
    codes = np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], axis=1)
    table, ramp = np.clip(np.rint(codes), 0, 65535).astype(">u2").tobytes(), struct.pack(">2H", 0, 65535)
    head = b"mft2\0\0\0\0" + bytes((4, 3, steps, 0)) + fixed(np.eye(3)) + struct.pack(">2H", 2, 2)
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": head + ramp * 4 + table + ramp * 3})


def printed(ink):
    """Shares of ink (n, 4) to linear sRGB (n, 3)."""
    light = PAPER * np.prod(1.0 - ink[:, :3, None] * (1.0 - INKS[None]), axis=1)
    return light * (1.0 - 0.97 * ink[:, 3:4])


def linear(codes):
    share = codes / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def encoded(light):
    light = np.clip(light, 0, 1)
    return np.rint(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


def in_space(rgb, name):
    """sRGB codes (h, w, 3) as the codes of the same colours in another space, uint8."""
    primaries, white, gamma = SPACES[name]
    light = linear(rgb.astype(float)) @ to_pcs(SRGB, D65).T @ np.linalg.inv(to_pcs(primaries, white)).T
    return np.rint(255 * np.clip(light, 0, 1) ** (1 / gamma)).astype(np.uint8)
