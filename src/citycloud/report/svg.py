"""Drawing with SVG: a few elements, everything a caller gives escaped, colours by class so that a page's light and
dark themes both fit. Lengths are CSS pixels at the drawing's natural size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from citycloud.report.model import Text

Value = str | float


def element(name: str, inner: str = "", /, **attributes: Value) -> str:
    """One element; ``inner`` is SVG already. ``_`` in attribute names stands for ``-``, ``class_`` for ``class``."""
    pairs = (f" {key.rstrip('_').replace('_', '-')}={quoteattr(_plain(value))}" for key, value in attributes.items())
    return f"<{name}{''.join(pairs)}>{inner}</{name}>" if inner else f"<{name}{''.join(pairs)}/>"


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


@dataclass
class Drawing:
    """Elements in the order they are painted."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def add(self, name: str, inner: str = "", /, **attributes: Value) -> None:
        self.parts.append(element(name, inner, **attributes))

    def box(self, x: float, y: float, width: float, height: float, style: str, radius: float = 8) -> None:
        self.add("rect", x=x, y=y, width=width, height=height, rx=radius, class_=style)

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=style)

    def dot(self, x: float, y: float, radius: float, style: str) -> None:
        self.add("circle", cx=x, cy=y, r=radius, class_=style)

    def words(self, x: float, y: float, words: Text | str, style: str, anchor: str = "start") -> None:
        """Text with its baseline at ``y``; words in two languages are drawn twice, and the page shows one."""
        if isinstance(words, str):
            self.add("text", escape(words), x=x, y=y, class_=style, text_anchor=anchor)
            return
        if words.zh == words.en:
            self.words(x, y, words.zh, style, anchor)
            return
        for language, said in (("zh", words.zh), ("en", words.en)):
            if said:
                self.add("text", escape(said), x=x, y=y, class_=style, text_anchor=anchor, lang=language)

    def source(self, title: Text) -> str:
        """The whole drawing, as inline SVG that names itself to screen readers."""
        label = f"{title.zh} · {title.en}"
        return element(
            "svg",
            "".join(self.parts),
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            width=self.width,
            height=self.height,
            role="img",
            aria_label=label,
        )
