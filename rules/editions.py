"""Which version of the rulebook an alert names: the one in force when its episode was found.

When the rulebook changes, the episodes that are open keep the version that opened them, to their end; their
end itself is judged by the new one. What is found from then on names the new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.change import EpisodeChange
from rules.rulebook import Rulebook, RulebookError, rulebook_of


@dataclass(slots=True)
class Editions:
    """Mutable. `version_of` holds the version of each alert that was open when the rulebook last changed.

    `published` tells that the rulebook came with the stream: then snapshots carry its text, and it goes on
    after a restart, whatever rulebook the program is then given.
    """

    published: bool = False
    version_of: dict[str, str] = field(default_factory=dict)

    def keep(self, open_changes: Iterable[EpisodeChange]) -> None:
        """The rulebook is about to change; these episodes are open. Others are forgotten."""
        changes = list(open_changes)
        self.version_of = {
            one.alert_id: self.version_of.get(one.alert_id, one.rulebook_version) for one in changes
        }

    def dump(self, book: Rulebook) -> str:
        """What a snapshot carries, as JSON."""
        text = book.text if self.published else None
        return json.dumps({"text": text, "versions": self.version_of}, ensure_ascii=False)

    @staticmethod
    def load(data: str, book: Rulebook) -> tuple[Editions, Rulebook]:
        """What a snapshot carried, and the rulebook to go on with: the published one, else `book`.

        A published rulebook that this program cannot read any more gives way to `book`.

        Raises
        ------
        ValueError
            The data is damaged.
        """
        said = json.loads(data)
        versions, text = dict(said["versions"]), said["text"]
        if text is None:
            return Editions(False, versions), book
        try:
            return Editions(True, versions), rulebook_of(text, "snapshot")
        except RulebookError:
            return Editions(False, versions), book
