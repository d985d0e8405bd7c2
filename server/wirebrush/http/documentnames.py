"""Names of saved workflows: folders and a name, such as `portraits/anna`; the same on any disk."""

from __future__ import annotations

import re
import unicodedata

from wirebrush.http.answers import Refused

DEPTH = 8
"""So many parts may a name have, the folders and the name itself."""
_PART_BYTES = 180
_NAME_BYTES = 600
_FORBIDDEN = re.compile(
    r'[\x00-\x1f\x7f\\:*?"<>|\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]'
)
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)")
_FILE = re.compile(r"(?i)\.json$")
_VERSION_FILE = re.compile(r"(?i)^\d{20}\.json$")


def clean_name(name: str) -> str:
    """The name as it is on disk; Refused if some disk could not hold it as it is.

    >>> clean_name(" portraits / anna ")
    'portraits/anna'
    """
    parts = [part.strip() for part in unicodedata.normalize("NFC", name).strip().split("/")]
    cleaned = "/".join(parts)
    wrong = next((fault for part in parts if (fault := _fault(part))), "")
    if not cleaned:
        wrong = "is empty"
    elif len(parts) > DEPTH:
        wrong = f"has more than {DEPTH} parts"
    elif _bytes(cleaned) > _NAME_BYTES:
        wrong = f"is longer than {_NAME_BYTES} bytes"
    elif any(_FILE.search(folder) for folder in parts[:-1]):
        wrong = "has a folder that is called like a file"
    if wrong:
        shown = ascii(cleaned[:40])
        raise Refused(400, "bad_name", f"The name {shown} {wrong}.", "Choose another name.")
    return cleaned


def _fault(part: str) -> str:
    """What is wrong with one part of a name; nothing if it is fine."""
    if not part:
        return "has a folder without a name"
    if _bytes(part) > _PART_BYTES:
        return f"has a part that is longer than {_PART_BYTES} bytes"
    if _FORBIDDEN.search(part):
        return 'has one of \\ : * ? " < > | or an invisible character in it'
    if part[0] == "." or part[-1] == ".":
        return "has a part that starts or ends with a dot"
    if _DEVICES.match(part):
        return "has the name of a Windows device in it"
    if _VERSION_FILE.match(part):
        return "is called like the file of a version"
    return ""


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
