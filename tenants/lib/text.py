"""Text that people type, made safe to show beside other people's."""

from __future__ import annotations

# Joiners that emoji and Persian names need; every other invisible sign can make a name look like another.
JOINERS = "\u200c\u200d"


def plain_name(name: str) -> str:
    """A name without control and direction signs, with single spaces; '' when nothing is left."""
    kept = "".join(character for character in name if character.isprintable() or character in JOINERS)
    return " ".join(kept.split()).strip(JOINERS)
