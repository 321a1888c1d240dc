"""What can go wrong when the outside world is asked."""

from __future__ import annotations


class ProviderError(Exception):
    """An outside system refused or failed. `retry`: asking again may help. `unknown`: it may have
    done what was asked, so ask for the state before anything else."""

    def __init__(self, message: str, *, retry: bool = False, unknown: bool = False) -> None:
        super().__init__(message)
        self.retry = retry
        self.unknown = unknown
