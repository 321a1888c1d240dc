"""Messages that could not be delivered: look at them, send them again."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.orders import queries as orders
from shangliu.platform import outbox
from shangliu.platform.models import Outbox
from shangliu.platform.outbox import Undelivered
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import page, staff

MAY_REDRIVE = (Role.FINANCE, Role.OPERATIONS)


@staff(*MAY_REDRIVE)
@never_cache
@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """Dead letters first, then what waits or is tried again; of one topic if one is asked for."""
    topic = request.GET.get("topic", "")
    dead, waiting = outbox.dead_letters(topic=topic), outbox.waiting_letters(topic=topic)
    numbers = orders.order_numbers({one.ordering for one in (*dead, *waiting)})
    context: dict[str, object] = {
        "topic": topic,
        "topics": [_topic_row(name, one) for name, one in outbox.by_topic().items()],
        "dead": [_row(one, numbers) for one in dead],
        "waiting": [_row(one, numbers) for one in waiting],
        "lag": words.spell(outbox.lag()),
        "health": outbox.counts(),
    }
    return page(request, "backoffice/outbox.html", context)


@staff(*MAY_REDRIVE)
@require_POST
def redrive(request: HttpRequest) -> HttpResponse:
    """Give the ticked letters, or all of a topic or a step, another life."""
    topic, step = request.POST.get("topic", ""), request.POST.get("step", "")
    if topic:
        found = outbox.redrive_topic(topic)
    elif step:
        found = outbox.redrive_step(step)
    else:
        found = outbox.redrive(*(int(pk) for pk in request.POST.getlist("pk") if pk.isdigit()))
    messages.success(request, _("已重新投递 {n} 条").format(n=found))
    return redirect("staff_outbox")


def _topic_row(topic: str, one: Undelivered) -> dict[str, object]:
    return {
        "topic": topic,
        "waiting": one.waiting,
        "dead": one.dead,
        "lag": words.spell(one.lag) if one.lag else "",
    }


def _row(letter: Outbox, numbers: dict[str, str]) -> dict[str, object]:
    return {
        "pk": letter.pk,
        "topic": letter.topic,
        "number": numbers.get(letter.ordering, ""),
        "case_no": letter.ordering,
        "attempts": letter.attempts,
        "error": letter.error,
        "created": words.moment(letter.created_at),
        "due": words.moment(letter.due_at),
        "dead": words.moment(letter.dead_at),
        "body": json.dumps(letter.body, ensure_ascii=False),
    }
