"""A text as a QR code in the terminal, which a phone or a tablet reads from the screen. Pure; drawn by segno."""

import segno


def qr_lines(text: str) -> str:
    """A text as a QR code of block characters, light on dark, two rows of it in a line of the terminal."""
    rows = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    signs = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    return "\n".join(
        "".join(signs[bool(upper), bool(lower)] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    )
