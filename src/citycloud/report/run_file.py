"""A Run's report as signed files: HTML for people, JSON for machines. One changed byte, a cut-off tail, or another
signer's key is refused.

Ed25519 (RFC 8032) signs everything before the last line; SM2 with SM3 (GB/T 32918, GB/T 32905), where this machine's
OpenSSL has it, signs the same beside it, and Ed25519 signs that too, so that it can't be taken off.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.journal import Entry, RunRow, broken_links
from citycloud.keys import Key, same_key, signed
from citycloud.plan.file import canonical
from citycloud.report import sm2
from citycloud.report.html import render
from citycloud.report.model import Report
from citycloud.report.write import as_json

PURPOSE = "citycloud report 1\n"
MARKS = {".html": ("\n<!-- citycloud-signatures ", " -->\n"), ".json": (',\n"signatures": ', "}\n")}


@dataclass(frozen=True)
class Signed:
    """The two files' text."""

    html: str
    json: str


def sign(report: Report, row: RunRow, entries: list[Entry], key: Key, sm2_key: Path | None) -> Signed:
    """Both files. ``sm2_key``: a private key's file, where SM2 is to sign too. Raises CommandFailed for that one."""
    document = {
        "report": as_json(report),
        "run": {"id": row.id, "digest": row.digest, "state": row.state, "opened": row.opened, "closed": row.closed},
        "plan": row.plan.model_dump(mode="json"),
        "journal": [entry.as_json() for entry in entries],
    }
    body = '{"document": ' + json.dumps(document, ensure_ascii=False, indent=1)
    return Signed(_signed(render(report), ".html", key, sm2_key), _signed(body, ".json", key, sm2_key))


def _signed(body: str, kind: str, key: Key, sm2_key: Path | None) -> str:
    national = sm2.sign(sm2_key, (PURPOSE + body).encode()) if sm2_key is not None else None
    content: dict[str, Any] = {"key": key.public, "sm2": asdict(national) if national else None}
    content["ed25519"] = key.sign(_message(body, content))
    return _whole(body, kind, content)


def _message(body: str, content: dict[str, Any]) -> bytes:
    told = {name: content[name] for name in ("key", "sm2")}
    return (PURPOSE + canonical(told) + "\n" + body).encode()


def _whole(body: str, kind: str, content: dict[str, Any]) -> str:
    mark, tail = MARKS[kind]
    return body + mark + canonical(content) + tail


@dataclass(frozen=True)
class Verified:
    """What holds of a file."""

    entries: int
    """Journal entries in it, chained from the first to the last; 0 in HTML, which shows and does not hold them."""
    sm2: str
    """How it stands with SM2, in words."""


def verify(file: Path, key: str, sm2_key: Path | None = None) -> Verified:
    """Raises BadInput for everything but a report that is whole, unchanged, and signed by ``key`` (a public key)."""
    faults: list[str] = []
    found = Verified(0, "")
    try:
        text = file.read_bytes().decode("utf-8")
        found = _verify(text, file.suffix, key, sm2_key, faults)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        faults.append(f"not a whole signed report ({type(fault).__name__})")
    if faults:
        says = [Finding("not-genuine", Place(str(file)), fault) for fault in faults]
        raise BadInput("This report does not hold.", says)
    return found


def _verify(text: str, kind: str, key: str, sm2_key: Path | None, faults: list[str]) -> Verified:
    mark, tail = MARKS[kind]
    body, there, rest = text.rpartition(mark)
    if not there or not rest.endswith(tail):
        raise ValueError("its end is missing")
    content = json.loads(rest.removesuffix(tail))
    if _whole(body, kind, content) != text:
        faults.append("its signatures are not written as they are made")
    if not same_key(str(content["key"]), key):
        faults.append("signed by another key than the one pinned")
    if not signed(key, _message(body, content), str(content["ed25519"])):
        faults.append("the signature is not that of this text by the pinned key")
    entries = _chained(body, faults) if kind == ".json" else 0
    return Verified(entries, _national(body, content["sm2"], sm2_key, faults))


def _chained(body: str, faults: list[str]) -> int:
    entries = [Entry(**each) for each in json.loads(body + "}")["document"]["journal"]]
    faults += islice(broken_links(entries), 5)
    return len(entries)


def _national(body: str, told: dict[str, str] | None, pinned: Path | None, faults: list[str]) -> str:
    if told is None:
        if pinned is not None:
            faults.append("has no SM2 signature, and one was asked for")
        return "no SM2 signature"
    if not sm2.available():
        return "has an SM2 signature, NOT CHECKED: this machine's OpenSSL has no SM2"
    signature = sm2.Signature(**told)
    if pinned is not None and pinned.read_text().strip() != signature.key.strip():
        faults.append("SM2-signed by another key than the one pinned")
    if not sm2.holds(signature, (PURPOSE + body).encode()):
        faults.append("the SM2 signature is not that of this text")
    return "SM2/SM3 holds" if pinned is not None else "SM2/SM3 holds (its key was not pinned)"
