"""Files: names and attributes that a copy has to keep, and what could not be looked into."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess.concern import Case, Concern, chosen


def concerns(case: Case) -> Iterator[Concern]:
    for host in case.hosts:
        for tree in host.trees:
            place = f"{host.id}:{tree.path}"
            if tree.names_beyond_utf8:
                zh, en = (
                    f"{tree.names_beyond_utf8} 个文件名不是 UTF-8",
                    f"{tree.names_beyond_utf8} file names are no UTF-8",
                )
                yield Concern(
                    "old-file-names", "choice", place, zh, en, "old_text: to-utf8 | as-is", chosen(case.move.old_text)
                )
            if tree.unread:
                zh, en = f"{tree.unread} 处未能查看", f"{tree.unread} entries could not be looked into"
                yield Concern("tree-unread", "note", place, zh, en, "see their permissions, or give more time")
            if tree.special:
                zh, en = "有扩展属性或 ACL", "extended attributes or ACLs are in use"
                yield Concern("special-attributes", "note", place, zh, en, "they are copied along, and compared")
