"""CloudWatch metrics: the order in which a query names the dimensions of a metric means nothing.

Amazon CloudWatch user guide, "Metrics concepts", Dimensions: a metric is its namespace, its name and the combination of
its dimensions. moto sorts them, but by an order that depends on how they were given.
"""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Dimension

from lab.corrections.override import override


@override(Dimension, "__lt__")
def _comes_before(_unused: Any, self: Dimension, other: Dimension) -> bool:
    return (self.name or "", self.value or "") < (other.name or "", other.value or "")
