"""XMP packets that hold one JSON value of recast."""

from __future__ import annotations

from xml.parsers import expat
from xml.sax.saxutils import escape

from recast.faceset.containers import Unusable

NAMESPACE = "https://recast.invalid/ns/face/1/"
LARGEST_PACKET = 65_000
"""Bytes; with its header a packet must fit a JPEG segment of 65,533."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAME = f"{NAMESPACE} face"
_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
    f'<rdf:Description rdf:about="" xmlns:recast="{NAMESPACE}"><recast:face>'
)
_TAIL = '</recast:face></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'


def pack(value: str) -> bytes:
    """The packet around a JSON text."""
    packet = (_HEAD + escape(value) + _TAIL).encode()
    if len(packet) > LARGEST_PACKET:
        raise ValueError(f"a face record of {len(packet)} bytes does not fit a face file")
    return packet


class _Finder:
    """Collects the values of the property `face`, written as an element or as an attribute."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _NAME:
            self._inside = True
            self.found.append("")
        if _NAME in attributes:
            self.found.append(attributes[_NAME])

    def end(self, name: str) -> None:
        self._inside = self._inside and name != _NAME

    def text(self, part: str) -> None:
        if self._inside:
            self.found[-1] += part


def _refuse(*_: object) -> None:
    raise Unusable("its metadata declares a document type")


def unpack(packet: bytes) -> str:
    """The JSON text in a packet, also when another program wrote the packet anew."""
    if len(packet) > LARGEST_PACKET:
        raise Unusable("its metadata is too large")
    finder = _Finder()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = finder.start
    parser.EndElementHandler = finder.end
    parser.CharacterDataHandler = finder.text
    # Entities can only be declared inside a document type: without one nothing can expand.
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(packet, True)
    except expat.ExpatError as error:
        raise Unusable("its metadata is not well-formed") from error
    if len(finder.found) != 1:
        raise Unusable("its metadata holds no face of recast")
    return finder.found[0]
