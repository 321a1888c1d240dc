"""What Django loads as the database engine."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as Django
from psycopg.pq import ConnStatus


class DatabaseWrapper(Django):
    def is_usable(self) -> bool:
        """Whether the server is still there, asked before the first statement of every request.

        A server that has gone ends the connection, and an end can be read; so only where there is
        something to read the server itself has to be asked.
        """
        raw: Any = self.connection
        if raw is None or raw.closed or raw.pgconn.status != ConnStatus.OK:
            return False
        readable = select.poll()
        readable.register(raw.fileno(), select.POLLIN)
        return not readable.poll(0) or bool(super().is_usable())
