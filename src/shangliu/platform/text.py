"""Words that belong to a definition and are needed in both languages wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class Text:
    """A label in Chinese and English. `str()` gives the one of the active language."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if (get_language() or "zh").startswith("en") else self.zh

    def format(self, **values: object) -> Text:
        """Both languages filled in; a `Text` among the values lends its own language."""
        return Text(
            self.zh.format(**{k: v.zh if isinstance(v, Text) else v for k, v in values.items()}),
            self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
        )


def kept(value: object) -> object:
    """What JSON cannot write, for `json.dumps(default=kept)`: a `Text` keeps both its languages."""
    return asdict(value) if isinstance(value, Text) else str(value)


def read(value: object) -> object:
    """What `kept` wrote, as a `Text` again; anything else as it is."""
    if isinstance(value, Mapping) and value.keys() == {"zh", "en"}:
        return Text(str(value["zh"]), str(value["en"]))
    return value
