"""Where this machine gets Debian packages from, read at run time and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from citycloud import proc
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place

RELEASE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    """One line of a Debian package source."""

    uri: str
    suite: str
    components: tuple[str, ...]

    def line(self) -> str:
        return f"deb [signed-by={KEYRING}] {self.uri} {self.suite} {' '.join(self.components)}"


def _stanzas(text: str) -> Iterator[Mapping[str, str]]:
    """The stanzas of a deb822 file (sources.list(5)), field names in lower case; continued lines joined."""
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if line[0] in " \t":
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            else:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields:
            yield fields


def parse_deb822(text: str) -> list[Source]:
    """Binary package sources of a ``.sources`` file."""
    return [
        Source(uri, suite, tuple(fields.get("components", "").split()))
        for fields in _stanzas(text)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no"
        for uri in fields.get("uris", "").split()
        for suite in fields.get("suites", "").split()
    ]


def parse_lines(text: str) -> list[Source]:
    """Binary package sources of a ``.list`` file."""
    found = []
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if len(words) < 2 or words[0] != "deb":
            continue
        if words[1].startswith("["):
            end = next((number for number, word in enumerate(words) if word.endswith("]")), len(words))
            words = [words[0], *words[end + 1 :]]
        if len(words) >= 4:
            found.append(Source(words[1], words[2], tuple(words[3:])))
    return found


def debian_sources(sources: Iterable[Source]) -> list[Source]:
    """Only those of the release's own archive, each once."""
    suites = {RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security"}
    return list(dict.fromkeys(one for one in sources if one.suite.strip("/") in suites and "main" in one.components))


def read_sources(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """Debian's own archive as this machine's apt is told to reach it. Raises BadInput where there is none."""
    found: list[Source] = []
    for file in sorted([etc_apt / "sources.list", *etc_apt.glob("sources.list.d/*")]):
        if file.is_file() and file.suffix == ".sources":
            found += parse_deb822(file.read_text())
        elif file.is_file() and file.suffix == ".list":
            found += parse_lines(file.read_text())
    mine = debian_sources(found)
    if not any(one.suite == RELEASE for one in mine):
        place = Place(file=str(etc_apt))
        message = f"apt on this machine has no source for Debian {RELEASE}"
        raise BadInput(
            "The lab is made of Debian packages.",
            [Finding("no-debian-source", place, message, f"add one with component main for {RELEASE} to {etc_apt}")],
        )
    return mine


def of_release(sources: Iterable[Source], release: str) -> list[Source]:
    """The same archive's sources for another release: suites are named alike (since Debian 11, ``-security`` too)."""
    return [replace(one, suite=one.suite.replace(RELEASE, release)) for one in sources]


def configuration(etc_apt: Path = Path("/etc/apt"), release: str = RELEASE) -> dict[str, str]:
    """Files of an ``/etc/apt`` for a root being built: this machine's Debian sources, proxies and credentials only."""
    acquire = proc.run(["apt-config", "dump", "Acquire"], timeout=30).stdout
    files = {
        "sources.list": "".join(f"{source.line()}\n" for source in of_release(read_sources(etc_apt), release)),
        "apt.conf.d/host": acquire,
    }
    for secret in [etc_apt / "auth.conf", *etc_apt.glob("auth.conf.d/*")]:
        if secret.is_file():
            files[str(secret.relative_to(etc_apt))] = secret.read_text()
    return files
