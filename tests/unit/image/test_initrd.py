"""The initial RAM disk: in which order modules load, and whether the archive is one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycloud.lab.image.initrd import FILE, archive, initrd, kept, load_order, module_name, parse_dependencies

DEP = """kernel/a/virtio_pci.ko: kernel/a/virtio_modern.ko kernel/a/virtio.ko kernel/a/virtio_ring.ko
kernel/a/virtio_modern.ko:
kernel/a/virtio_ring.ko:
kernel/a/virtio.ko: kernel/a/virtio_ring.ko
kernel/b/virtio-rng.ko: kernel/a/virtio.ko kernel/a/virtio_ring.ko
kernel/c/other.ko:
"""
NEEDS = parse_dependencies(DEP)


def unpack(image: bytes) -> dict[str, tuple[int, bytes]]:
    """Members of a newc archive by name: mode and data. Written from the kernel's description of the format."""
    found, at = {}, 0
    while True:
        head = image[at : at + 110]
        assert head[:6] == b"070701"
        numbers = [int(head[6 + 8 * index : 14 + 8 * index], 16) for index in range(13)]
        mode, size, length = numbers[1], numbers[6], numbers[11]
        name = image[at + 110 : at + 110 + length - 1].decode()
        begin = (at + 110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (mode, image[begin : begin + size])
        at = (begin + size + 3) // 4 * 4


def test_a_module_loads_after_all_that_it_needs() -> None:
    order = load_order(NEEDS, ["virtio_pci", "virtio_rng"])
    for path in order:
        assert all(order.index(need) < order.index(path) for need in NEEDS[path])
    assert order[-1] == "kernel/b/virtio-rng.ko"
    assert len(order) == len(set(order)) == 5


def test_a_module_that_the_kernel_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        load_order(NEEDS, ["no_such_module"])


def test_a_module_has_one_name_whatever_its_file_is_called() -> None:
    assert module_name("kernel/b/virtio-rng.ko") == module_name("kernel/b/virtio_rng.ko.xz") == "virtio_rng"


def test_what_stays_brings_along_what_it_needs() -> None:
    assert kept(NEEDS, ["kernel/b/"], []) == {
        "kernel/b/virtio-rng.ko",
        "kernel/a/virtio.ko",
        "kernel/a/virtio_ring.ko",
    }
    assert "kernel/c/other.ko" not in kept(NEEDS, ["kernel/b/"], ["virtio_pci"])


@given(st.dictionaries(st.text("abc/._-é", min_size=1, max_size=20), st.binary(max_size=40), max_size=6))
def test_an_archive_gives_back_what_was_put_in(files: dict[str, bytes]) -> None:
    members = [(name, FILE, data) for name, data in files.items()]
    packed = archive(members)
    assert unpack(packed) == {name: (FILE, data) for name, data in files.items()}
    assert len(packed) % 4 == 0


def test_the_ram_disk_holds_its_program_and_the_modules_in_their_order(tmp_path: Path) -> None:
    for name in ("busybox", "init", "one.ko", "two.ko"):
        (tmp_path / name).write_bytes(name.encode())
    made = initrd(tmp_path / "busybox", tmp_path / "init", tmp_path, ["two.ko", "one.ko"])
    assert made == initrd(tmp_path / "busybox", tmp_path / "init", tmp_path, ["two.ko", "one.ko"])
    found = unpack(gzip.decompress(made))
    assert found["init"] == (FILE, b"init")
    assert found["modules/order"][1] == b"two.ko\none.ko\n"
    assert found["modules/one.ko"][1] == b"one.ko"
