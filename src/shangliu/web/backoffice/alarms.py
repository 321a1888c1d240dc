"""What is wrong now, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.crm import staff as people
from shangliu.domain.notifications.webhooks import Endpoint
from shangliu.domain.orders import queries as orders
from shangliu.flow import alarms, playbook
from shangliu.flow.drawing import graph
from shangliu.flow.outbox import Addresses, handlers
from shangliu.insight.alarms import watch
from shangliu.insight.alarms.signals import system_label
from shangliu.insight.figures import ways_of
from shangliu.insight.models import Alarm
from shangliu.platform.errors import Refused
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, page, person, staff


@staff()
@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Roots first, each with its evidence and buttons, what it explains below it; then the past."""
    alarms.fresh()
    found = watch.open_alarms()
    numbers = orders.order_numbers({case for one in found for case in one.cases})
    named = people.names({name for one in found for name in _who(one)})
    cards = [_card(request, one, numbers, named) for one in found if not one.root]
    for card in cards:
        card["explains"] = [_line(one) for one in found if one.root == card["key"]]
    context: dict[str, object] = {
        "cards": cards,
        "past": [_line(one) for one in watch.cleared()],
        "signature": "|".join(f"{one.key}{'!' if one.fresh else ''}" for one in found),
        "explained": sum(bool(one.root) for one in found),
    }
    return page(request, "backoffice/alarms.html", context)


@staff()
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The same for the page to refresh itself, and for other programs."""
    alarms.fresh()
    return JsonResponse({"alarms": [_said(one) for one in watch.open_alarms()]})


@staff()
@require_POST
def press(request: HttpRequest, pk: int) -> HttpResponse:
    """A button of the playbook."""
    code, about = request.POST.get("play", ""), request.POST.get("about", "")
    try:
        said = playbook.press(
            pk, code, about, (actor(request), person(request).acts_as), handlers(_addresses())
        )
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    else:
        messages.success(request, str(said))
    return redirect(f"{reverse('staff_alarms')}#alarm-{pk}")


@staff()
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that somebody looks after it."""
    watch.acknowledge(pk, actor=actor(request))
    return redirect(f"{reverse('staff_alarms')}#alarm-{pk}")


def on_map() -> dict[str, object]:
    """For the map: the roots as lines, and the rules that mark their nodes and stages."""
    found = watch.roots()
    keys = {key for one in found for key in (node_of(one), f"stage:{one.stage}") if key[-1:] != ":"}
    chosen = ", ".join(f'[data-node="{key}"]' for key in sorted(filter(None, keys)))
    return {
        "lines": [_line(one) for one in found],
        "css": f"{chosen} {{ filter: var(--alarm-glow) }}" if chosen else "",
    }


def _addresses() -> Addresses:
    env = settings.SHANGLIU
    return Addresses(
        carrier_callback=f"{env.public_url}/carrier/push/kuaidi100/",
        finance=Endpoint(env.finance_url, env.finance_secret) if env.finance_url else None,
    )


def _line(one: Alarm) -> dict[str, object]:
    """What every list of alarms shows of one."""
    node = node_of(one)
    stage = next((known for known in flow().stages if known.code == one.stage), None)
    return {
        "pk": one.pk,
        "key": one.key,
        "stage": str(stage.label) if stage else _("全部阶段"),
        "system": str(system_label(flow(), one.system)),
        "decision": said(one.decision),
        "cause": said(one.cause),
        "owner": str(Role(one.owner).label),
        "since": words.age(one.opened_at),
        "opened": words.moment(one.opened_at),
        "cleared": words.moment(one.cleared_at),
        "lasted": words.spell(one.cleared_at - one.opened_at) if one.cleared_at else "",
        "fresh": one.fresh,
        "href": f"{reverse('staff_map', args=(one.stage,))}?node={node}" if node else "",
    }


def _who(one: Alarm) -> set[str]:
    return {one.acknowledged_by, *(str(act["by"]) for act in one.acts)} - {""}


def _card(
    request: HttpRequest, one: Alarm, numbers: Mapping[str, str], named: Mapping[str, str]
) -> dict[str, object]:
    roles = person(request).acts_as
    wanted = _("只有{roles}可以操作")
    return {
        **_line(one),
        "evidence": [said(line) for line in one.evidence],
        "count": one.count,
        "cases": [numbers[case] for case in one.cases if case in numbers][:5],
        "by": named.get(one.acknowledged_by, one.acknowledged_by),
        "acts": [
            {
                "by": named.get(act["by"], act["by"]),
                "at": words.moment(datetime.fromisoformat(act["at"])),
                "said": said(act["said"]),
            }
            for act in one.acts
        ],
        "plays": [
            {
                "code": code,
                "about": about,
                "label": _play_label(str(button.label), about),
                "why": ""
                if playbook.may(button, roles)
                else wanted.format(roles=words.together(str(r.label) for r in sorted(button.by))),
                "sure": str(button.sure) if button.sure else "",
            }
            for code, about, button in playbook.offered(one)
        ],
    }


def _play_label(label: str, about: str) -> str:
    policy = next((one.label for one in flow().policies if one.key == about), None)
    if policy is not None:
        return f"{label} · {policy}"
    return f"{label} · {system_label(flow(), about)}" if about and "." in about else label


def said(pair: list[str]) -> str:
    """The text of a stored pair in the language of the page."""
    if not pair:
        return ""
    return str(pair[1] if words.lang() == "en" else pair[0])


def node_of(one: Alarm) -> str:
    """The node of the map that the alarm stands on; empty when it is drawn nowhere."""
    known = ways_of(graph()).nodes
    if one.step in known:
        return one.step
    process = one.step.partition(".")[0]
    waits = [node.key for node in known.values() if (process, one.state) in node.waits]
    return waits[0] if waits else ""


def _said(one: Alarm) -> dict[str, object]:
    return {
        "rank": one.rank,
        "key": one.key,
        "fresh": one.fresh,
        "stage": one.stage,
        "system": one.system,
        "step": one.step,
        "node": node_of(one),
        "decision": one.decision,
        "owner": one.owner,
        "cause": one.cause,
        "evidence": one.evidence,
        "explained_by": one.root,
        "opened_at": one.opened_at.isoformat(),
    }
