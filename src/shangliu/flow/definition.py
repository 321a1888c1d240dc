"""The business, whole: every process, what joins them, and where it stands.

Pictures, buttons, permissions, notices, the log, exports and generated tests are read from here.
"""

from __future__ import annotations

from shangliu.flow.aftersale.definition import AFTERSALE
from shangliu.flow.cart.definition import CART
from shangliu.flow.fulfilment.definition import FULFILMENT
from shangliu.flow.links import BRIDGES, GOES_ON, LINKS
from shangliu.flow.order.definition import ORDER
from shangliu.flow.parcel.definition import PARCEL
from shangliu.flow.payment.definition import PAYMENT
from shangliu.flow.places import LANES, POOLS, STAGES
from shangliu.flow.policies import POLICIES
from shangliu.flow.reconciliation.definition import DIFFERENCE
from shangliu.flow.refund.definition import REFUND
from shangliu.flow.settlement.definition import SETTLEMENT
from shangliu.flow.stock.definition import RESERVATION
from shangliu.flow.visit.definition import VISIT
from shangliu.platform.text import Text
from shangliu.process.definition import Flow

FLOW = Flow(
    name=Text("商流", "Business flow"),
    number=1,
    processes=(
        VISIT,
        CART,
        RESERVATION,
        ORDER,
        PAYMENT,
        FULFILMENT,
        PARCEL,
        AFTERSALE,
        REFUND,
        SETTLEMENT,
        DIFFERENCE,
    ),
    links=LINKS,
    bridges=BRIDGES,
    goes_on=GOES_ON,
    lanes=LANES,
    stages=STAGES,
    pools=POOLS,
    policies=POLICIES,
)
