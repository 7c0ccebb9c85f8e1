"""The command palette: every action that works here, and every service by name."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.types import IgnoreReturnCallbackType

from tui.actions import Scope, actions_of
from tui.messages import ServiceOpened
from tui.screens.base import DrydockScreen

Command = tuple[str, str, IgnoreReturnCallbackType]
"""Name, help, and what to call."""


class DrydockCommands(Provider):
    """Names come from outside, so every title is given as Content: never markup."""

    async def discover(self) -> Hits:
        for name, help_text, call in self._commands():
            yield DiscoveryHit(Content(name), call, text=name, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_text, call in self._commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), call, text=name, help=help_text)

    def _commands(self) -> list[Command]:
        screen = self.screen
        if not isinstance(screen, DrydockScreen):
            return []
        chosen = screen.chosen()
        commands: list[Command] = []
        for action in actions_of([*screen.SCOPES, Scope.APP]):
            if not action.in_palette or (action.scope is Scope.CHANGES and chosen is None):
                continue
            about = action.scope is Scope.CHANGES and chosen is not None
            name = f"{action.label} {chosen.name}" if about and chosen else action.label
            commands.append((name, action.help, partial(screen.run_action, action.name)))
        for service in screen.known.state.services if screen.known.state else ():
            opened = ServiceOpened(service.service_id)
            call = partial(screen.post_message, opened)
            commands.append((f"Open {service.name}", f"{service.status} service", call))
        return commands
