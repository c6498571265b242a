"""Text that people type, made safe to show beside other people's."""

from __future__ import annotations

# Joiners that emoji and Persian names need; every other invisible sign can make a name look like another.
JOINERS = "\u200c\u200d"
# A file system takes 255 bytes; a longer ending is none.
LONGEST_FILE_NAME, LONGEST_ENDING = 120, 12


def plain_name(name: str) -> str:
    """A name without control and direction signs, with single spaces; '' when nothing is left."""
    kept = "".join(character for character in name if character.isprintable() or character in JOINERS)
    return " ".join(kept.split()).strip(JOINERS)


def file_name(name: str) -> str:
    """A file's name to show and to save by: no path, no hidden sign, its ending kept however long it is."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = plain_name(last.translate(dict.fromkeys(map(ord, JOINERS)))).lstrip(".")
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        return plain[:LONGEST_FILE_NAME]
    return f"{stem[: LONGEST_FILE_NAME - len(ending) - 1].rstrip()}.{ending}"
