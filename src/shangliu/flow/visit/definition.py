"""A visit: what a visitor does before there is an object to move. Seen in behaviour, not taken."""

from __future__ import annotations

from enum import StrEnum

from shangliu.flow.places import Lanes, Stages
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, State, Step
from shangliu.process.models import Stateful
from shangliu.process.roles import Role


class VisitState(StrEnum):
    ARRIVED = "arrived"
    LOOKING = "looking"
    INTERESTED = "interested"
    SIGNED_IN = "signed_in"
    PREVIEWED = "previewed"


_BUYER = frozenset({Role.BUYER})
S = VisitState

VISIT = Process[Stateful](
    name="visit",
    label=Text("访问", "Visit"),
    model=None,
    recorded=True,
    states={
        S.ARRIVED: State(label=Text("已到访", "Arrived")),
        S.LOOKING: State(label=Text("浏览中", "Browsing")),
        S.INTERESTED: State(label=Text("看过商品", "Looked at a product")),
        S.SIGNED_IN: State(label=Text("已登录", "Signed in")),
        S.PREVIEWED: State(label=Text("核对订单", "Checking the order")),
    },
    decisions={S.INTERESTED: Decision(label=Text("想买吗？", "Wants it?"))},
    steps=(
        Step(
            name="arrive",
            label=Text("访问网站", "Visit the shop"),
            source=(),
            target=S.ARRIVED,
            lane=Lanes.BUYER,
            stage=Stages.BROWSE,
            by=_BUYER,
            kind=Kind.USER,
            main=True,
        ),
        Step(
            name="browse",
            label=Text("浏览分类与搜索", "Browse and search"),
            source=(S.ARRIVED, S.INTERESTED),
            target=S.LOOKING,
            lane=Lanes.STOREFRONT,
            stage=Stages.BROWSE,
            by=_BUYER,
            kind=Kind.SERVICE,
            outcome=Text("继续逛", "look on"),
            main=True,
        ),
        Step(
            name="view_product",
            label=Text("查看商品详情", "Look at a product"),
            source=(S.LOOKING,),
            target=S.INTERESTED,
            lane=Lanes.BUYER,
            stage=Stages.BROWSE,
            by=_BUYER,
            kind=Kind.USER,
            main=True,
        ),
        Step(
            name="sign_in",
            label=Text("登录或访客身份", "Sign in or go on as a guest"),
            source=(S.INTERESTED,),
            target=S.SIGNED_IN,
            lane=Lanes.BUYER,
            stage=Stages.CHECKOUT,
            by=_BUYER,
            kind=Kind.USER,
            main=True,
        ),
        Step(
            name="preview",
            label=Text("核对订单预览", "Check the order preview"),
            source=(S.SIGNED_IN,),
            target=S.PREVIEWED,
            lane=Lanes.STOREFRONT,
            stage=Stages.CHECKOUT,
            by=_BUYER,
            kind=Kind.SERVICE,
            main=True,
        ),
    ),
)
