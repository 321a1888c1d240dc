"""Numbers of documents: unique, dated, without telling how many there are."""

from __future__ import annotations

from collections import deque

from django.db import connection

from shangliu.platform import clock

_SPAN = 1_000_000_000
_SPREAD = 387_420_489  # coprime to the span: consecutive numbers land far apart, none twice
_BLOCK = 50  # the sequence counts in blocks, so that one question serves many documents

_stock: deque[int] = deque()


def new(prefix: str) -> str:
    """`prefix`, the shop's date as yymmdd, and nine digits that no other number has."""
    if not _stock:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('platform_number')")
            first = cursor.fetchone()[0]
        _stock.extend(range(first, first + _BLOCK))
    return f"{prefix}{clock.local(clock.now()):%y%m%d}{_stock.popleft() * _SPREAD % _SPAN:09d}"
