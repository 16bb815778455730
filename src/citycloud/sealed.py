"""Files sealed with a passphrase: nobody reads them without it, and one changed byte or a cut tail is refused.

scrypt (RFC 7914) makes the key from the passphrase and a salt of the file's own; ChaCha20-Poly1305 (RFC 8439) seals
pieces of 64 KiB, each with its number and with whether it is the last one (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár, 2015), so pieces can be neither left out, nor moved, nor cut off at the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from citycloud.errors import BadInput
from citycloud.findings import Finding, Place

MAGIC = b"citycloud sealed 1\n"
SALT, PIECE, TAG = 32, 65536, 16
"""Bytes."""
COST, BLOCK, PARALLEL = 2**17, 8, 1
"""scrypt's N, r and p: 128 MiB and about half a second for each guess."""
SHORTEST = 12
"""Characters of a passphrase."""


def passphrase(file: Path | None) -> str:
    """The passphrase in a file: its first line. Raises BadInput where there is none, others may read it, or it is
    shorter than 12 characters."""
    if file is None:
        raise _bad("no passphrase", "none was named", "--passphrase-file FILE (chmod 600)")
    try:
        open_to_others = file.stat().st_mode & 0o077
        text = (file.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise _bad(str(file), str(fault), "name a file that holds the passphrase") from None
    if open_to_others:
        raise _bad(str(file), "others than its owner may read it", f"chmod 600 {file}")
    if len(text) < SHORTEST:
        raise _bad(str(file), f"a passphrase has at least {SHORTEST} characters", "five words taken by lot, say")
    return text


def seal(plain: BinaryIO, sealed: BinaryIO, words: str) -> None:
    """Write what ``plain`` holds to ``sealed``."""
    head = MAGIC + os.urandom(SALT)
    box = _box(words, head)
    sealed.write(head)
    for number, piece, last in _pieces(plain, PIECE):
        sealed.write(box.encrypt(_nonce(number, last), piece, head))


def unseal(sealed: BinaryIO, plain: BinaryIO, words: str, name: str = "the file") -> None:
    """Write what ``sealed`` holds to ``plain``: not to be trusted before this has returned.

    Raises BadInput for another passphrase, a changed byte, a cut tail, and what is no sealed file.
    """
    head = sealed.read(len(MAGIC) + SALT)
    if len(head) != len(MAGIC) + SALT or not head.startswith(MAGIC):
        raise _bad(name, "not a file that citycloud has sealed")
    box = _box(words, head)
    try:
        for number, piece, last in _pieces(sealed, PIECE + TAG):
            plain.write(box.decrypt(_nonce(number, last), piece, head))
    except InvalidTag:
        raise _bad(name, "the passphrase is another, or the file was changed or cut off") from None


def _box(words: str, head: bytes) -> ChaCha20Poly1305:
    key = Scrypt(salt=head[len(MAGIC) :], length=32, n=COST, r=BLOCK, p=PARALLEL).derive(words.encode())
    return ChaCha20Poly1305(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(source: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether it is the last: at least one piece, if an empty one."""
    number, piece = 0, source.read(size)
    while True:
        following = source.read(size)
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following


def _bad(what: str, message: str, suggestion: str = "") -> BadInput:
    say = Finding("sealed", Place(object=what), message, suggestion)
    return BadInput("This sealed file can't be used. Nothing was touched.", [say])
