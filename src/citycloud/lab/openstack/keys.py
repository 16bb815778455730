"""Passwords of one lab's clouds, all derived from the lab's one secret: bringing a cloud up again finds the same.

Each is HMAC-SHA-256 (RFC 2104) of ``site/purpose`` under the lab's secret: nothing is stored twice, and no password of
one service tells another's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keys:
    """The passwords of one site's cloud."""

    site: str
    secret: str = field(repr=False)

    def _derive(self, purpose: str) -> bytes:
        return hmac.new(self.secret.encode(), f"{self.site}/{purpose}".encode(), hashlib.sha256).digest()

    def password(self, purpose: str) -> str:
        """A password of 48 hexadecimal digits: safe in URLs, SQL and INI files alike."""
        return self._derive(purpose).hex()[:48]

    def fernet(self, purpose: str) -> str:
        """A Fernet key: 32 bytes in URL-safe base64 (github.com/fernet/spec)."""
        return base64.urlsafe_b64encode(self._derive(purpose)).decode()
