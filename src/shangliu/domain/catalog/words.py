"""What a product is found by: single characters and pairs of Chinese text, whole Latin words.

The index and the question are cut by the same rules, so that a match does not depend on the
database's locale. Pairs find any part of a name; a question is first cut into words, so that
「龙井茶杯」 asks for 龙井 and 茶杯 and not for 井茶.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

import rjieba

RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+(?:\.[0-9]+)?")
FILLERS = frozenset("的了和与及或是在有个")
LONGEST_QUESTION = 80


def normal(text: str) -> str:
    """Full-width and compatibility forms folded, lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def lexemes(text: str) -> list[str]:
    """Everything that `text` is to be found by, in order."""
    found: list[str] = []
    for run in RUNS.findall(normal(text)):
        if run[0].isascii():
            found.append(run)
        else:
            found.extend(run)
            found.extend(a + b for a, b in pairwise(run))
    return found


def vector(weighted: Iterable[tuple[str, str]]) -> str:
    """A `tsvector` literal from pairs of weight (`A` to `D`) and text."""
    places: dict[str, list[str]] = {}
    position = 0
    for weight, text in weighted:
        for lexeme in lexemes(text):
            position = min(position + 1, 16_000)
            places.setdefault(lexeme, []).append(f"{position}{weight}")
    return " ".join(f"{_quoted(lexeme)}:{','.join(at[:40])}" for lexeme, at in places.items())


def question(text: str) -> list[str]:
    """One `tsquery` part for each word asked for; empty when nothing can be asked."""
    parts: list[str] = []
    for run in RUNS.findall(normal(text)[:LONGEST_QUESTION]):
        if run[0].isascii():
            parts.append(f"{_quoted(run)}:*")
        else:
            parts.extend(_chinese(rjieba.cut(run)))
    return list(dict.fromkeys(parts))


def _chinese(words: Sequence[str]) -> list[str]:
    kept = [word for word in words if word not in FILLERS] or list(words)
    return [
        _quoted(word)
        if len(word) < 3
        else "(" + " & ".join(_quoted(a + b) for a, b in pairwise(word)) + ")"
        for word in kept
    ]


def _quoted(lexeme: str) -> str:
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
