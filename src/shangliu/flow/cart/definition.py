"""The life of a cart."""

from __future__ import annotations

from datetime import datetime

from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.states import CartState as S
from shangliu.flow.cart import checks, effects
from shangliu.flow.places import Lanes, Stages
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, State, Step
from shangliu.process.roles import Role

_BUYER = frozenset({Role.BUYER})


def _idle(cart: Cart, moment: datetime) -> datetime:
    return moment + Policies.ABANDONED.span


CART = Process[Cart](
    name="cart",
    label=Text("购物车", "Cart"),
    model=Cart,
    states={
        S.OPEN: State(label=Text("使用中", "Open")),
        S.ABANDONED: State(label=Text("已放弃", "Abandoned"), rests=True),
        S.CHECKED_OUT: State(label=Text("已结算", "Checked out")),
    },
    decisions={
        S.OPEN: Decision(
            label=Text("去结算？", "Check out?"),
            policies=(
                Policies.RESERVE_AT_CART,
                Policies.HOLD,
                Policies.HOLD_LONGEST,
                Policies.ABANDONED,
            ),
        )
    },
    steps=(
        Step(
            name="add",
            label=Text("加入购物车", "Add to cart"),
            source=(S.OPEN,),
            target=S.OPEN,
            creates=True,
            lane=Lanes.BUYER,
            stage=Stages.CART,
            by=_BUYER,
            kind=Kind.USER,
            asks=effects.AddToCart,
            needs=(checks.quantity_is_sane,),
            does=(effects.put_in,),
            outcome=Text("继续选购", "shop on"),
            main=True,
        ),
        Step(
            name="change",
            label=Text("改数量或移除", "Change or remove"),
            source=(S.OPEN,),
            target=S.OPEN,
            lane=Lanes.BUYER,
            stage=Stages.CART,
            by=_BUYER,
            kind=Kind.USER,
            asks=effects.ChangeCart,
            does=(effects.set_quantity,),
            outcome=Text("调整", "change"),
        ),
        Step(
            name="check_out",
            label=Text("购物车转订单", "Turn the cart into an order"),
            source=(S.OPEN,),
            target=S.CHECKED_OUT,
            lane=Lanes.STOREFRONT,
            stage=Stages.CHECKOUT,
            by=frozenset({Role.SYSTEM}),
            main=True,
        ),
        Step(
            name="abandon",
            label=Text("久未结算", "Left alone"),
            source=(S.OPEN,),
            target=S.ABANDONED,
            lane=Lanes.STOREFRONT,
            stage=Stages.CART,
            by=frozenset({Role.SYSTEM}),
            kind=Kind.TIMER,
            at=_idle,
            policies=(Policies.ABANDONED,),
            outcome=Text("放弃", "left"),
            problem=True,
        ),
        Step(
            name="come_back",
            label=Text("回来继续购物", "Come back"),
            source=(S.ABANDONED,),
            target=S.OPEN,
            lane=Lanes.BUYER,
            stage=Stages.CART,
            by=_BUYER,
            kind=Kind.USER,
        ),
    ),
)
