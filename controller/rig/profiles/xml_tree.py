"""XML files as trees, without the parts of XML by which a small file becomes a large one. Pure: bytes in, a tree out.

A document type is accepted by its name alone, as QLC+ writes it; one that declares anything is refused, and so is what
nests deeper or holds more elements than any fixture does.
"""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from controller.errors import ProfileError

MAX_DEPTH = 64
MAX_ELEMENTS = 400_000


def xml_tree(content: bytes, what: str = "fixture definition") -> Element:
    """The root of a document; namespaces stay part of attribute values and are not looked at.

    Args:
        what: it is said to be, for messages.

    Raises:
        ProfileError: not XML, or more than plain elements, attributes and text.
    """
    return _Reader(what).read(content)


class _Reader:
    """Builds a tree and refuses what is too deep, too large, or declares entities."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._builder = TreeBuilder()
        self._depth = self._count = 0

    def read(self, content: bytes) -> Element:
        parser = expat.ParserCreate()
        parser.EntityDeclHandler = self._refuse
        parser.ElementDeclHandler = self._refuse
        parser.AttlistDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._builder.data
        try:
            parser.Parse(content, True)
            return self._builder.close()
        except (expat.ExpatError, ValueError, AssertionError, LookupError) as error:
            raise ProfileError(f"not valid XML: {error}") from error

    def _refuse(self, *_: object) -> None:
        raise ProfileError(f"its document type declares things; a {self._what} needs none")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise ProfileError(f"more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements; this is no {self._what}")
        self._builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._builder.end(tag)
