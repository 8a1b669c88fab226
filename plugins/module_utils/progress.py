# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person is told while something takes long, before the result is there.

Anything may ``say`` a sentence. What can show it sets where it goes: an action has Ansible's Display, the connection
``forked`` a pipe to it. In a module that runs in a Python of its own nothing is shown.
"""

from __future__ import annotations

from collections.abc import Callable

show: Callable[[str], None] | None = None


def say(sentence: str) -> None:
    if show:
        show(sentence)
