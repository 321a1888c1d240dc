"""`python -m simulators.kuaidi100 --port N --data DIR [--auto SECONDS]`"""

from __future__ import annotations

import os

from simulators.common import clock, deliveries, past
from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.forgetting import serve_forgetting
from simulators.common.serving import arguments, serve
from simulators.common.store import Store
from simulators.common.web import App
from simulators.kuaidi100 import parcels
from simulators.kuaidi100.api import Api, Control
from simulators.kuaidi100.parcels import SCHEDULE, Parcels, acknowledged
from simulators.kuaidi100.signing import Account


def main() -> None:
    parser = arguments("kuaidi100", 8012)
    parser.add_argument("--auto", type=float, default=0.0, help="seconds between two events")
    parser.add_argument(
        "--pickup", type=float, default=None, help="seconds until the pick-up; 3 x auto by default"
    )
    chosen = parser.parse_args()
    account = Account(
        key=os.environ.get("CARRIERS_KUAIDI100_KEY", "TESTKEY001"),
        customer=os.environ.get("CARRIERS_KUAIDI100_CUSTOMER", "CUST0001"),
        secret=os.environ.get("CARRIERS_KUAIDI100_SECRET", "SECRET001"),
    )
    store = Store(
        chosen.data / "kuaidi100.sqlite3", clock.SCHEMA, deliveries.SCHEMA, parcels.SCHEMA
    )
    past.take_in(store, chosen.data / "past.json")
    time = Clock(store, speed=chosen.speed)
    post = Deliveries(store, time, schedule=SCHEDULE, acknowledged=acknowledged)
    pickup = chosen.auto * 3 if chosen.pickup is None else chosen.pickup
    book = Parcels(store=store, clock=time, deliveries=post, auto=chosen.auto, pickup=pickup)
    app = App("simulators.kuaidi100")
    Api(app=app, account=account, parcels=book, clock=time)
    serve_forgetting(app, store, *parcels.FORGET)
    Control(app=app, parcels=book, deliveries=post, clock=time)
    post.start(tick=book.move_due)
    try:
        serve(app, name="kuaidi100", port=chosen.port)
    finally:
        post.stop()
        store.close()


if __name__ == "__main__":
    main()
