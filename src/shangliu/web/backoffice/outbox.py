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
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import page, staff


@staff(Role.FINANCE, Role.OPERATIONS)
@never_cache
@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """Dead letters first, then what waits or is tried again."""
    dead, waiting = outbox.dead_letters(), outbox.waiting_letters()
    numbers = orders.order_numbers({one.ordering for one in (*dead, *waiting)})
    context: dict[str, object] = {
        "dead": [_row(one, numbers) for one in dead],
        "waiting": [_row(one, numbers) for one in waiting],
        "lag": words.spell(outbox.lag()),
        "health": outbox.counts(),
    }
    return page(request, "backoffice/outbox.html", context)


@staff(Role.FINANCE, Role.OPERATIONS)
@require_POST
def redrive(request: HttpRequest) -> HttpResponse:
    """Give the ticked letters another life."""
    chosen = [int(pk) for pk in request.POST.getlist("pk") if pk.isdigit()]
    for pk in chosen:
        outbox.redrive(pk)
    messages.success(request, _("已重新投递 {n} 条").format(n=len(chosen)))
    return redirect("staff_outbox")


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
