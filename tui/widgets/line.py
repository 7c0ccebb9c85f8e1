"""Text as data on a screen: never markup."""

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """A Static that only takes `Content`, and draws only what changed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._shown = Content("")

    def show(self, content: Content) -> None:
        if not content.is_same(self._shown):
            self._shown = content
            self.update(content)
