"""A MIDI file's bytes as players read them: what is odd in them is put right and told, all else is left as it is. Pure.

Programs write files that the standard forbids and players play: wrapped in RIFF, with values above 127, with running
status that goes on over a system exclusive message, with notes that never end, in patterns one after another (format
2). A parser that loses step in such a file loses notes without a word.
"""

import io
import struct
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator

HEAD, TRACK = b"MThd", b"MTrk"
NOTE_OFF, NOTE_ON, CONTROL, DRUMS = 0x80, 0x90, 0xB0, 9
META, SYSEX = 0xFF, (0xF0, 0xF7)
END, SIGNATURE = 0x2F, 0x58
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of system messages, which have no place in a file."""
LAST_POWER = 7
"""Of a time signature's note value: a 128th; parsers cannot hold much shorter ones."""
HIGHEST = 127
ENDINGS = (".mid", ".midi", ".kar", ".rmi")
UNPACKED_AT_MOST = 64 << 20
SOUND = "a recording of sound; notes are read here: export them as MIDI"
GUITAR_PRO, PAGE = "Guitar Pro; export it as MIDI", "a web page; fetch the file itself"
OTHERS = (
    (b"<?xml", "MusicXML; export it as MIDI"),
    (b"X:", "ABC; export it as MIDI"),
    (b"FORM", "an IFF file; export it as a standard MIDI file"),
    *((magic, SOUND) for magic in (b"RIFF", b"ID3", b"fLaC", b"OggS", b"\xff\xfb")),
    *((magic, GUITAR_PRO) for magic in (b"\x18FICHIER GUITAR PRO", b"BCF")),
    *((magic, PAGE) for magic in (b"<!doctype", b"<html")),
)
"""How other files begin that people take for MIDI, in small letters or as they are, and the way out."""
PACKED = ((".mscx", "MuseScore; export it as MIDI"), ("score.gpif", GUITAR_PRO),
          ("meta-inf/container.xml", "compressed MusicXML (.mxl); export it as MIDI"))  # fmt: skip
"""Programs whose files are ZIP archives, by what lies in them."""
SILENCING = (120, *range(123, 128))
"""Controllers after which no note of their channel sounds."""

Event = tuple[int, bytes]
"""Tick from the beginning of the track, and the message with its status byte."""


class NotMidiError(ValueError):
    """A file that is none; says what it is, where that can be told."""


def mended(data: bytes) -> tuple[bytes, list[str]]:
    """A file's bytes, and what was odd in them; the very same bytes where nothing was, or where it breaks off.

    Raises:
        NotMidiError: no MIDI file, and none is inside it.
    """
    data, said = unwrapped(data)
    try:
        form, quarter = struct.unpack(">H2xH", data[8:14])
        bodies = list(_tracks(data))
    except (struct.error, IndexError):
        return data, said
    if quarter & 0x8000:  # time code: the reader refuses it by name
        return data, said
    odd: Counter[str] = Counter()
    try:
        tracks = [_events(body, odd) for body in bodies]
    except IndexError:  # breaks off inside an event
        return data, said
    tracks = [_ended(events, quarter, odd) for events in tracks]
    patterns = form == 2 and len(tracks) > 1
    if patterns:
        tracks = _one_after_another(tracks)
        said.append(f"its {len(tracks)} patterns (format 2) are read one after the other")
    if not odd and not patterns:
        return data, said
    said += [words.replace("{}", str(count)) for words, count in odd.items()]
    return _written(tracks, quarter), said


def unwrapped(data: bytes) -> tuple[bytes, list[str]]:
    """The MIDI file inside whatever it lies in.

    Raises:
        NotMidiError: there is none.
    """
    if data.startswith(HEAD):
        return data, []
    if data.startswith(b"\x1f\x8b"):
        return _inside(_of_gzip(data), "packed by gzip")
    if data.startswith(b"PK\x03\x04"):
        return _inside(_of_archive(data), "in a ZIP archive")
    at = data.find(HEAD)
    if at < 0:
        raise NotMidiError(
            next(
                (words for magic, words in OTHERS if data.lstrip()[:32].lower().startswith(magic.lower())),
                "not a MIDI file",
            )
        )
    what = "a RIFF file (.rmi)" if data.startswith(b"RIFF") else f"{at} other bytes"
    return data[at:], [f"the MIDI file inside {what} is read"]


def _inside(data: bytes, where: str) -> tuple[bytes, list[str]]:
    if data.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        raise NotMidiError(f"{where}, and packed once more; unpack it")
    found, said = unwrapped(data)
    return found, [f"the MIDI file {where} is read", *said]


def _of_gzip(data: bytes) -> bytes:
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        inside = unpacking.decompress(data, UNPACKED_AT_MOST)
    except zlib.error as error:
        raise NotMidiError("packed by gzip and damaged; fetch it again") from error
    if not unpacking.eof:
        raise NotMidiError("packed by gzip and cut short, or very large; fetch it again")
    return inside


def _of_archive(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [one for one in archive.infolist() if one.filename.lower().endswith(ENDINGS)]
            names = [one.filename.lower() for one in archive.infolist()]
            known = [words for ending, words in PACKED if any(name.endswith(ending) for name in names)]
            if known:
                raise NotMidiError(known[0])
            if len(inside) != 1:
                raise NotMidiError(f"a ZIP archive with {len(inside)} MIDI files; unpack it and name one")
            if inside[0].file_size > UNPACKED_AT_MOST:
                raise NotMidiError("a ZIP archive with a very large file; unpack it")
            return archive.read(inside[0])
    except (zipfile.BadZipFile, RuntimeError, zlib.error, NotImplementedError) as error:
        raise NotMidiError("a ZIP archive that cannot be read; unpack it") from error


def _tracks(data: bytes) -> Iterator[bytes]:
    """The bodies of all track chunks; IndexError where one is longer than the file."""
    at = 8 + int.from_bytes(data[4:8], "big")
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        if name == TRACK:
            if at + 8 + size > len(data):
                raise IndexError
            yield data[at + 8 : at + 8 + size]
        at += 8 + size


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity, and where it ends."""
    found = 0
    for count in range(4):
        byte = body[at + count]
        found = found << 7 | byte & 0x7F
        if byte < 0x80:
            return found, at + count + 1
    return found, at + 4


def _events(body: bytes, odd: Counter[str]) -> list[Event]:
    """A track's messages, system exclusive ones left out; what is odd is counted under the words that tell it."""
    at = tick = status = 0
    interrupted = False
    found: list[Event] = []
    while at < len(body):
        wait, at = _number(body, at)
        tick += wait
        byte = body[at]
        if byte == META:
            kind = body[at + 1]
            size, at = _number(body, at + 2)
            payload = body[at : at + size]
            at += size
            if kind == END:
                found.append((tick, bytes((META, END, 0))))
                return found
            if kind == SIGNATURE and size >= 2 and payload[1] > LAST_POWER:
                words = f"time signature {payload[0]}/{2 ** payload[1]} at tick {tick} cannot be written"
                odd[f"{words}; the one before it goes on"] += 1
                continue
            found.append((tick, bytes((META, kind)) + _variable(len(payload)) + payload))
        elif byte in SYSEX:
            size, at = _number(body, at + 1)
            at += size
            interrupted = True
            if byte == SYSEX[1]:  # the parser takes its length for time
                odd["{} escaped messages were passed over"] += 1
        elif byte > SYSEX[0]:
            at += 1 + SYSTEM_BYTES.get(byte, 0)
            odd["{} system messages that have no place in a file were passed over"] += 1
        else:
            if byte & 0x80:
                status, interrupted, at = byte, False, at + 1
            elif not status:
                at += 1
                odd["{} bytes that belong to no message were passed over"] += 1
                continue
            elif interrupted:
                odd["{} messages keep the running status of before a system exclusive message: read so"] += 1
                interrupted = False
            size = 1 if status & 0xE0 == 0xC0 else 2
            first, last = body[at], body[at + size - 1]
            at += size
            if first > HIGHEST or last > HIGHEST:
                odd["{} messages hold a value above 127: taken for 127"] += 1
                first, last = min(first, HIGHEST), min(last, HIGHEST)
            found.append((tick, bytes((status, first)) if size == 1 else bytes((status, first, last))))
    return found


def _ended(events: list[Event], quarter: int, odd: Counter[str]) -> list[Event]:
    """The same with an end for notes that never end: the next one of their pitch, or where all notes of their channel
    end; of a drum a sixteenth."""
    begun: dict[tuple[int, int], list[int]] = defaultdict(list)
    ended: dict[tuple[int, int], list[int]] = defaultdict(list)
    silenced: dict[int, list[int]] = defaultdict(list)
    for tick, message in events:
        kind = message[0] & 0xF0
        if kind == CONTROL and message[1] in SILENCING:
            silenced[message[0] & 0x0F].append(tick)
        if kind in (NOTE_ON, NOTE_OFF) and len(message) == 3:
            where = begun if kind == NOTE_ON and message[2] else ended
            where[message[0] & 0x0F, message[1]].append(tick)
    endless = {key for key, ticks in begun.items() if len(ticks) > len(ended[key])}
    if not endless:
        return events
    odd["{} notes never end: they last until the next one of their pitch, drums a sixteenth"] += sum(
        len(begun[key]) - len(ended[key]) for key in endless
    )
    last = max(events[-1][0], max(max(begun[key]) for key in endless) + quarter)
    rows = [(tick, 1, message) for tick, message in events if not _ends(message, endless)]
    for channel, pitch in endless:
        for tick in begun[channel, pitch]:
            ends = [one for one in (*begun[channel, pitch], *ended[channel, pitch], *silenced[channel]) if one > tick]
            end = min([*ends, tick + max(quarter // 4, 1)] if channel == DRUMS else ends or [last])
            rows.append((end, 0, bytes((NOTE_OFF | channel, pitch, 0))))
    rows.sort(key=lambda row: row[:2])
    return [(tick, message) for tick, _, message in rows]


def _ends(message: bytes, keys: set[tuple[int, int]]) -> bool:
    kind = message[0] & 0xF0
    ends = kind == NOTE_OFF or (kind == NOTE_ON and not message[2])
    return ends and (message[0] & 0x0F, message[1]) in keys


def _one_after_another(tracks: list[list[Event]]) -> list[list[Event]]:
    """Each track begins where the one before it ends."""
    moved, begun = [], 0
    for events in tracks:
        moved.append([(begun + tick, message) for tick, message in events])
        begun += events[-1][0] if events else 0
    return moved


def _variable(number: int) -> bytes:
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))


def _written(tracks: list[list[Event]], quarter: int) -> bytes:
    """A file of format 1."""
    chunks = [HEAD + struct.pack(">IHHH", 6, 1, len(tracks), quarter)]
    for events in tracks:
        parts, before = [], 0
        for tick, message in events:
            if message[:2] != b"\xff\x2f":
                parts.append(_variable(tick - before) + message)
                before = tick
        last = events[-1][0] if events else 0
        body = b"".join(parts) + _variable(max(last - before, 0)) + bytes((META, END, 0))
        chunks.append(TRACK + struct.pack(">I", len(body)) + body)
    return b"".join(chunks)
