"""The map's search: a step, a person, an order, the end of a buyer's phone number."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from shangliu.domain.crm import staff as accounts
from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.platform.errors import NotFound
from shangliu.process.drawing.graph import Node
from shangliu.web.backoffice import pictures


def address(said: str) -> str:
    """Where the search leads: a step's panel on its stage's sheet, a person's page, an order; all
    else goes to the search for orders, which knows phone numbers and waybills."""
    wanted = said.lower()
    named = [node for node in graph().nodes if wanted in (node.key, str(node.label).lower())]
    if named:
        return _of_node(named[0])
    if login := _person(said):
        return f"{reverse('staff_overview')}?{urlencode({'person': login})}"
    if order := _order(said):
        return reverse("staff_order", args=(order,))
    near = [one for one in graph().nodes if said in one.label.zh or wanted in one.label.en.lower()]
    if near:
        return _of_node(near[0])
    if login := _person(said, whole=False):
        return f"{reverse('staff_overview')}?{urlencode({'person': login})}"
    return f"{reverse('staff_search')}?{urlencode({'q': said})}"


def colleagues() -> list[str]:
    """Whom the field may propose."""
    return [one.name for one in accounts.staff_list() if one.is_active and one.name]


def _person(said: str, *, whole: bool = True) -> str:
    """The login of the member of staff with this login or name; or the only one whose name has
    this in it."""
    wanted = said.lower()
    people = accounts.staff_list()
    if whole:
        found = [one.login or "" for one in people if wanted in (one.login, one.name.lower())]
        return found[0] if found else ""
    found = [one.login or "" for one in people if wanted in one.name.lower()]
    return found[0] if len(found) == 1 else ""


def _order(said: str) -> str:
    try:
        return orders.order_by_number(said.upper()).number
    except NotFound:
        return ""


def _of_node(node: Node) -> str:
    return f"{reverse('staff_map', args=(node.stage,))}?node={pictures.quoted(node.key)}"
