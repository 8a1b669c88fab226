"""How a correction takes the place of a method of moto."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def override(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function replaces `owner.name` and gets what it replaces as its first argument.

    `owner` is a class (the second argument is then the instance) or a module.
    """
    original = getattr(owner, name)

    def put(correction: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def corrected(*arguments: Any, **options: Any) -> Any:
            return correction(original, *arguments, **options)

        setattr(owner, name, corrected)
        return correction

    return put


def add(owner: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function becomes a method that the class lacks; for a response class, an API call."""

    def put(correction: Callable[..., Any]) -> Callable[..., Any]:
        if hasattr(owner, correction.__name__):
            raise TypeError(f"{owner.__name__}.{correction.__name__} exists: use override.")
        setattr(owner, correction.__name__, correction)
        return correction

    return put
