"""Numbers of things, for people: 1 fixture, 4 fixtures. Pure."""


def counted(count: int, word: str) -> str:
    """The number with its word, in the plural where it is not one."""
    if count == 1:
        return f"1 {word}"
    return f"{count} {word}{'es' if word.endswith(('s', 'x', 'ch', 'sh')) else 's'}"
