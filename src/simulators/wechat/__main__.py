"""`python -m simulators.wechat --port N --data DIR`"""

from __future__ import annotations

import os

from simulators.common import clock, deliveries, faults, past
from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.forgetting import serve_forgetting
from simulators.common.serving import arguments, serve
from simulators.common.store import Store
from simulators.common.web import App
from simulators.wechat import gateway, refunds, signin, trades
from simulators.wechat.account import Account
from simulators.wechat.bills import Bills
from simulators.wechat.cashier import Cashier
from simulators.wechat.control import Control, Levers
from simulators.wechat.faults import KINDS
from simulators.wechat.gateway import Books, Gateway
from simulators.wechat.notices import MODES, SCHEDULE, Notices, Signer, acknowledged
from simulators.wechat.refunds import Refunds
from simulators.wechat.signin import SignIn
from simulators.wechat.signing import Keys
from simulators.wechat.trades import Trades


def main() -> None:
    parser = arguments("wechat", 8014)
    known = Account()
    parser.add_argument("--app-id", default=os.environ.get("PAYMENTS_WECHAT_APP_ID", known.app_id))
    parser.add_argument("--mch-id", default=os.environ.get("PAYMENTS_WECHAT_MCH_ID", known.mch_id))
    parser.add_argument("--signing", choices=MODES, default=MODES[0])
    chosen = parser.parse_args()
    account = Account(app_id=chosen.app_id, mch_id=chosen.mch_id)
    keys = Keys(chosen.data, account)
    store = Store(
        chosen.data / "wechat.sqlite3",
        clock.SCHEMA,
        deliveries.SCHEMA,
        faults.SCHEMA,
        trades.SCHEMA,
        refunds.SCHEMA,
        gateway.SCHEMA,
        signin.SCHEMA,
    )
    past.take_in(store, chosen.data / "past.json")
    time = Clock(store, speed=chosen.speed)
    signer = Signer(keys, account, chosen.signing)
    post = Deliveries(store, time, schedule=SCHEDULE, acknowledged=acknowledged, dress=signer.dress)
    app = App("simulators.wechat")
    wrong = Faults(store, KINDS)
    notices = Notices(
        store=store, clock=time, keys=keys, account=account, faults=wrong, deliveries=post
    )
    orders = Trades(store, time, notices)
    books = Books(
        trades=orders,
        refunds=Refunds(store=store, clock=time, trades=orders, faults=wrong, notifier=notices),
        bills=Bills(store=store, clock=time, account=account),
        notices=notices,
        open_ids=(sign_in := SignIn(app=app, store=store, clock=time, keys=keys, account=account)),
    )
    Gateway(app=app, store=store, clock=time, keys=keys, account=account, faults=wrong, books=books)
    Cashier(app=app, clock=time, keys=keys, account=account, trades=orders)
    serve_forgetting(app, store, *trades.FORGET)
    Control(
        app,
        Levers(
            clock=time,
            keys=keys,
            faults=wrong,
            books=books,
            sign_in=sign_in,
            signer=signer,
            deliveries=post,
        ),
    )
    post.start(tick=books.refunds.settle_due)
    try:
        serve(app, name="wechat", port=chosen.port)
    finally:
        post.stop()
        store.close()


if __name__ == "__main__":
    main()
