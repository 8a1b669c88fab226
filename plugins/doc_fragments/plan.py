# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """What a module says of check mode and of diffs. One that has more to say of either says it itself."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Announces exactly what a run would do.
    support: full
  diff_mode:
    description: Shows the fields that differ.
    support: full
"""
    READS = r"""
attributes:
  check_mode:
    description: Reads only.
    support: full
"""
