"""The objects that processes move, as pages that know no tables need them."""

from __future__ import annotations

from shangliu.process.models import Event, PolicyValue, Stateful

__all__ = ["Event", "PolicyValue", "Stateful", "policy_history", "policy_values"]


def policy_history(key: str, limit: int = 20) -> list[PolicyValue]:
    """What the policy was set to, the newest first."""
    return list(
        PolicyValue.objects.filter(key=key).select_related("changed_by").order_by("-pk")[:limit]
    )


def policy_values() -> dict[str, PolicyValue]:
    """The newest value of every policy that was ever changed."""
    rows = PolicyValue.objects.order_by("key", "-pk").distinct("key").select_related("changed_by")
    return {row.key: row for row in rows}
