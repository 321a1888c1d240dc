"""`python -m simulators.stripe --port N --data DIR --webhook URL`"""

from __future__ import annotations

from functools import partial

from simulators.common import clock, deliveries, faults, past
from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.forgetting import serve_forgetting
from simulators.common.serving import arguments, serve
from simulators.common.store import Store
from simulators.common.web import App
from simulators.stripe import account, api, books
from simulators.stripe.account import Account
from simulators.stripe.api import Api
from simulators.stripe.books import Books
from simulators.stripe.cashier import Cashier
from simulators.stripe.control import Control
from simulators.stripe.events import SCHEDULE, Events, acknowledged, dress
from simulators.stripe.faults import KINDS


def main() -> None:
    parser = arguments("stripe", 8015)
    parser.add_argument("--webhook", default="", help="where webhooks go, as on the dashboard")
    chosen = parser.parse_args()
    store = Store(
        chosen.data / "stripe.sqlite3",
        clock.SCHEMA,
        deliveries.SCHEMA,
        faults.SCHEMA,
        account.SCHEMA,
        books.SCHEMA,
        api.SCHEMA,
    )
    past.take_in(store, chosen.data / "past.json")
    time = Clock(store, speed=chosen.speed)
    merchant = Account(chosen.data, store, chosen.webhook)
    wrong = Faults(store, KINDS)
    post = Deliveries(
        store,
        time,
        schedule=SCHEDULE,
        acknowledged=acknowledged,
        dress=partial(dress, merchant),
    )
    events = Events(store=store, clock=time, account=merchant, faults=wrong, deliveries=post)
    kept = Books(store, time, wrong, events)
    app = App("simulators.stripe")
    Api(app=app, store=store, account=merchant, faults=wrong, books=kept)
    Cashier(app, kept)
    serve_forgetting(app, store, *books.FORGET)
    Control(
        app=app,
        account=merchant,
        clock=time,
        faults=wrong,
        books=kept,
        events=events,
        deliveries=post,
    )
    post.start(tick=kept.expire_due)
    try:
        serve(app, name="stripe", port=chosen.port)
    finally:
        post.stop()
        store.close()


if __name__ == "__main__":
    main()
