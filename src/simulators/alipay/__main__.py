"""`python -m simulators.alipay --port N --data DIR`"""

from __future__ import annotations

import os

from simulators.alipay import trades
from simulators.alipay.bills import Bills
from simulators.alipay.cashier import Cashier
from simulators.alipay.certificates import Certificates
from simulators.alipay.control import Control
from simulators.alipay.envelope import Envelope
from simulators.alipay.faults import KINDS
from simulators.alipay.gateway import Gateway
from simulators.alipay.notices import SCHEDULE, Account, Notices, acknowledged
from simulators.alipay.signing import Keys
from simulators.alipay.trades import Trades
from simulators.common import clock, deliveries, faults, past
from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.forgetting import serve_forgetting
from simulators.common.serving import arguments, serve
from simulators.common.store import Store
from simulators.common.web import App


def main() -> None:
    parser = arguments("alipay", 8011)
    parser.add_argument(
        "--app-id", default=os.environ.get("PAYMENTS_ALIPAY_APP_ID", "2021000000000001")
    )
    parser.add_argument(
        "--seller-id", default=os.environ.get("PAYMENTS_ALIPAY_SELLER_ID", "2088102119685838")
    )
    chosen = parser.parse_args()
    keys = Keys(chosen.data)
    certificates = Certificates(chosen.data)
    store = Store(
        chosen.data / "alipay.sqlite3",
        clock.SCHEMA,
        deliveries.SCHEMA,
        faults.SCHEMA,
        trades.SCHEMA,
    )
    past.take_in(store, chosen.data / "past.json")
    time = Clock(store, speed=chosen.speed)
    account = Account(chosen.app_id, chosen.seller_id)
    wrong = Faults(store, KINDS)
    post = Deliveries(
        store,
        time,
        schedule=SCHEDULE,
        acknowledged=acknowledged,
    )
    notices = Notices(
        store=store,
        clock=time,
        keys=keys,
        certificates=certificates,
        account=account,
        faults=wrong,
        deliveries=post,
    )
    book = Trades(store, time, notices)
    app = App("simulators.alipay")
    bills = Bills(app=app, store=store, clock=time, seller_id=account.seller_id)
    envelope = Envelope(keys=keys, certificates=certificates, account=account)
    Gateway(app=app, clock=time, envelope=envelope, faults=wrong, trades=book, bills=bills)
    Cashier(app=app, clock=time, notices=notices, account=account, trades=book)
    serve_forgetting(app, store, *trades.FORGET)
    Control(
        app=app,
        clock=time,
        faults=wrong,
        trades=book,
        notices=notices,
        deliveries=post,
        certificates=certificates,
    )
    post.start(tick=book.tick)
    try:
        serve(app, name="alipay", port=chosen.port)
    finally:
        post.stop()
        store.close()


if __name__ == "__main__":
    main()
