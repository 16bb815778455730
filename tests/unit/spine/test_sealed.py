"""A sealed file gives back what went in to whoever has the passphrase, and nothing to anybody else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from citycloud import sealed
from citycloud.errors import BadInput
from citycloud.sealed import MAGIC, PIECE, SALT, TAG, passphrase, seal, unseal

WORDS = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing is not what is tried here."""
    monkeypatch.setattr(sealed, "COST", 2)


def closed(text: bytes) -> bytes:
    out = io.BytesIO()
    seal(io.BytesIO(text), out, WORDS)
    return out.getvalue()


def opened(text: bytes, words: str = WORDS) -> bytes:
    out = io.BytesIO()
    unseal(io.BytesIO(text), out, words)
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_comes_back_whatever_its_size(size: int) -> None:
    text = bytes(number % 251 for number in range(size))
    assert opened(closed(text)) == text


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert closed(b"x" * 100)[len(MAGIC) :] != closed(b"x" * 100)[len(MAGIC) :]


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(BadInput, match="passphrase is another"):
        opened(closed(b"secret"), WORDS + "s")


def test_one_changed_byte_anywhere_is_refused() -> None:
    whole = closed(b"x" * 300)
    for place in range(len(whole)):
        with pytest.raises(BadInput):
            opened(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])


def test_a_cut_tail_a_piece_left_out_or_moved_and_something_added_are_refused() -> None:
    whole, head, piece = closed(b"x" * (3 * PIECE + 9)), len(MAGIC) + SALT, PIECE + TAG
    first, second = whole[head : head + piece], whole[head + piece : head + 2 * piece]
    rest = whole[head + 2 * piece :]
    for text in (
        *(whole[:-cut] for cut in (1, 9 + TAG, 9 + TAG + piece, len(whole) - head, len(whole))),
        whole[:head] + second + rest,
        whole[:head] + second + first + rest,
        whole + b"x",
        whole + whole[head:],
    ):
        with pytest.raises(BadInput):
            opened(text)


def test_a_passphrase_is_read_from_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.touch(0o600)
    file.write_text(f"{WORDS}\nanything\n")
    assert passphrase(file) == WORDS
    file.chmod(0o640)
    with pytest.raises(BadInput, match="others than its owner") as told:
        passphrase(file)
    assert WORDS not in str(told.value)
    for text in ("", "too short"):
        file.chmod(0o600)
        file.write_text(text)
        with pytest.raises(BadInput, match="at least 12"):
            passphrase(file)
    for missing in (None, tmp_path / "none"):
        with pytest.raises(BadInput):
            passphrase(missing)
