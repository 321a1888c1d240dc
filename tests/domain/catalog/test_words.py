"""A product is found by any part of its name, and a question is cut into words first."""

from __future__ import annotations

from shangliu.domain.catalog.words import lexemes, question, vector


def test_chinese_is_indexed_by_characters_and_pairs_and_latin_by_words() -> None:
    assert lexemes("龙井茶 T-恤 １.５M") == [
        "龙", "井", "茶", "龙井", "井茶", "t", "恤", "1.5", "m",
    ]  # fmt: skip


def test_a_vector_keeps_weights_and_places() -> None:
    assert vector([("A", "龙井"), ("B", "龙")]) == "'龙':1A,4B '井':2A '龙井':3A"


def test_a_question_asks_for_each_word_by_its_pairs() -> None:
    assert question("羊毛被的 MUJI 龙井茶") == [
        "'羊毛'",
        "'被'",
        "'muji':*",
        "('龙井' & '井茶')",
    ]


def test_a_question_of_fillers_only_still_asks() -> None:
    assert question("的") == ["'的'"]


def test_quotation_marks_and_operators_ask_nothing() -> None:
    assert question("' & | ! :* \\") == []
