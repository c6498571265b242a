"""Random names that tell nothing: keys in URLs, schema names, one-time tokens."""

import base64
import hashlib
import secrets


def new_public_id() -> str:
    """A key for a URL: 16 characters of lower-case base32, 80 random bits."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def new_schema_name() -> str:
    """A schema's name, never the company's: `t_` and 80 random bits."""
    return f"t_{new_public_id()}"


def new_token() -> str:
    """A secret for a link, 256 random bits, shown once and stored only as its hash."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 in hex: the token has full entropy, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
