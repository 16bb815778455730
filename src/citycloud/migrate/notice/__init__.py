"""The department's notice (通知): what happens when, who decides, until when there is a way back. Pure."""

from citycloud.migrate.notice.notice import Notice, notice, render

__all__ = ["Notice", "notice", "render"]
