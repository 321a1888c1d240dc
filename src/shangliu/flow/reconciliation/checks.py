"""What must be true for a difference's steps."""

from __future__ import annotations

from shangliu.domain.reconciliation.models import Difference
from shangliu.flow.reconciliation.effects import WriteOff
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def has_a_reason(one: Difference, ctx: Context) -> Text | None:
    if ctx.data is None or (isinstance(ctx.data, WriteOff) and ctx.data.reason.strip()):
        return None
    return Text("请写明核销的原因", "Say why it is written off")
