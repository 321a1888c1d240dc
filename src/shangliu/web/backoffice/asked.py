"""Forms made of what a step asks for, and the step's data made of what was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from django.utils.translation import gettext as _

from shangliu.flow.aftersale.effects import Agreement
from shangliu.flow.payment.effects import Arrived
from shangliu.insight.objects import Stateful
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.definition import Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One input. `kind`: text, area, number, money (yuan), choice (yes or no), pieces (good and
    damaged)."""

    name: str
    label: str
    kind: str
    required: bool = True
    value: str = ""
    most: int | None = None
    suffix: str = ""


MOST_FEN = 10**12
_AREAS = {"reason", "note"}


def fields_of(step: Step[Any], one: Stateful, typed: Mapping[str, str]) -> list[Field]:
    """The inputs for a step, with what was typed before a refusal."""
    if step.asks is None:
        return []
    found: list[Field] = []
    for asked in fields(step.asks):
        if asked.name == "counts":
            found += _scans(one, typed)
        elif asked.name == "found":
            found += _pieces(one, typed)
        else:
            field = _plain(asked.name, str(asked.type), asked.default is MISSING, typed)
            found.append(replace(field, label=_called(step, asked.name)))
    return found


def filled(step: Step[Any], posted: Mapping[str, str]) -> object:
    """The dataclass that the step asks for; `Refused` naming the first field that is missing."""
    if step.asks is None:
        return None
    values: dict[str, Any] = {}
    for asked in fields(step.asks):
        if asked.name == "counts":
            values["counts"] = _numbers(posted, "scan-")
        elif asked.name == "found":
            values["found"] = _found(posted)
        else:
            values[asked.name] = _value(
                _called(step, asked.name),
                _kind(asked.name, str(asked.type)),
                posted.get(asked.name, ""),
                asked.default is MISSING,
            )
    return step.asks(**values)


def _labels() -> dict[str, str]:
    return {
        "reason": _("原因"),
        "note": _("说明"),
        "wave": _("波次名称"),
        "grams": _("实际重量"),
        "voucher": _("银行转账凭证号"),
        "payer": _("付款户名"),
        "amount_fen": _("到账金额"),
        "carrier": _("承运商"),
        "waybill_no": _("运单号"),
        "accepted": _("验货结论"),
        "good": _("完好"),
        "damaged": _("残次"),
    }


def _called(step: Step[Any], name: str) -> str:
    if name == "amount_fen" and step.asks is Agreement:
        return _("同意退款金额")
    if name == "voucher" and step.asks is Arrived:
        return _("银行流水号")
    return _labels().get(name, name)


def _kind(name: str, kind: str) -> str:
    """Amounts are typed in yuan and kept in fen."""
    return "money" if kind == "int" and name.endswith("_fen") else kind


def _plain(name: str, kind: str, required: bool, typed: Mapping[str, str]) -> Field:  # noqa: FBT001
    shapes = {"int": "number", "bool": "choice", "money": "money"}
    kind = _kind(name, kind)
    return Field(
        name=name,
        label=_labels().get(name, name),
        kind=shapes.get(kind, "area" if name in _AREAS else "text"),
        required=required,
        value=typed.get(name, ""),
        suffix=_("元") if kind == "money" else _("克") if name == "grams" else "",
    )


def _scans(task: Any, typed: Mapping[str, str]) -> list[Field]:
    return [
        Field(
            name=f"scan-{line.order_line.sku}",
            label=f"{line.order_line.name} {line.order_line.options}".strip(),
            kind="number",
            value=typed.get(f"scan-{line.order_line.sku}", ""),
            most=line.quantity,
            suffix=_("件"),
        )
        for line in task.lines.all()
    ]


def _pieces(case: Any, typed: Mapping[str, str]) -> list[Field]:
    return [
        Field(
            name=str(line.pk),
            label=f"{line.order_line.name} × {line.quantity}",
            kind="pieces",
            value=typed.get(f"good-{line.pk}", str(line.quantity)),
            most=line.quantity,
        )
        for line in case.lines.all()
    ]


def _value(label: str, kind: str, typed: str, required: bool) -> object:  # noqa: FBT001
    if kind == "bool":
        if typed not in ("yes", "no"):
            raise _missing(label)
        return typed == "yes"
    if kind == "money":
        return yuan(typed, label)
    if kind == "int":
        return _number(typed, label)
    if required and not typed.strip():
        raise _missing(label)
    return typed.strip()


def yuan(typed: str, label: str) -> int:
    """The fen of an amount typed in yuan, as `88` or `88.50`, also with the sign of it."""
    try:
        fen = Money.parse(typed.strip().removeprefix("¥").replace(",", "")).fen
    except ValueError:
        fen = -1
    if not 0 <= fen < MOST_FEN:
        raise Refused(
            Text(
                f"“{label}”要填金额，最多两位小数",
                f"“{label}” must be an amount, two decimals at most",
            )
        )
    return fen


def _number(typed: str, name: str) -> int:
    text = typed.strip()
    if not text.isascii() or not text.isdigit():
        label = _labels().get(name, name)
        raise Refused(Text(f"“{label}”要填整数", f"“{label}” must be a whole number"))
    return int(text)


def _numbers(posted: Mapping[str, str], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): _number(value or "0", name.removeprefix(prefix))
        for name, value in posted.items()
        if name.startswith(prefix)
    }


def _found(posted: Mapping[str, str]) -> dict[int, tuple[int, int]]:
    good, damaged = _numbers(posted, "good-"), _numbers(posted, "damaged-")
    return {int(pk): (good[pk], damaged.get(pk, 0)) for pk in good if pk.isdigit()}


def _missing(label: str) -> Refused:
    return Refused(Text(f"请填写“{label}”", f"Fill in “{label}”"))
