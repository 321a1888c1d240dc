"""When something is not right: what goes back, of which goods, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shangliu.domain.aftersales.states import ENDED
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.platform.money import Money
from shangliu.process.models import Stateful, due_index, waiting_index


class AfterSaleKind(models.TextChoices):
    """`REFUND_ONLY`: pieces that are not shipped yet. `ALLOWANCE`: money for shipped goods that
    the buyer keeps. `LOST`: pieces that the carrier lost. Only a `RETURN` brings goods back."""

    REFUND_ONLY = "refund_only", "仅退款"
    ALLOWANCE = "allowance", "仅退款（不退货）"
    RETURN = "return", "退货退款"
    LOST = "lost", "包裹丢失"


TAKES_PIECES = (AfterSaleKind.REFUND_ONLY, AfterSaleKind.RETURN, AfterSaleKind.LOST)


class AfterSale(Stateful):
    """`amount_fen` is what the buyer gets or no longer owes: the shares of its lines plus
    `freight_fen`. `waived_fen` of it was never collected, so only the rest goes back.

    `parcel_id`: the parcel that did not arrive; such a case is opened by the system.
    """

    number = models.CharField("售后单号", max_length=40, unique=True)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="after_sales", verbose_name="订单"
    )
    kind = models.CharField("类型", max_length=16, choices=AfterSaleKind.choices)
    reason = models.CharField("原因", max_length=60)
    note = models.CharField("说明", max_length=300, default="", blank=True)
    amount_fen = models.BigIntegerField("退款金额（分）")
    freight_fen = models.BigIntegerField("其中运费（分）", default=0)
    waived_fen = models.BigIntegerField("其中未收取（分）", default=0)
    parcel_id = models.BigIntegerField("未送达的包裹", null=True)
    decision_note = models.CharField("处理说明", max_length=300, default="", blank=True)
    return_carrier = models.CharField("退货承运商", max_length=20, default="", blank=True)
    return_waybill = models.CharField("退货运单号", max_length=40, default="", blank=True)
    applied_at = models.DateTimeField("申请时间")
    received_at = models.DateTimeField("收到退货时间", null=True)

    class Meta:
        verbose_name = "售后单"
        indexes = [waiting_index("after_sale_waiting", ENDED), due_index("after_sale_due")]
        constraints = [
            models.CheckConstraint(
                name="after_sale_amount",
                condition=Q(amount_fen__gte=0, freight_fen__gte=0)
                & Q(amount_fen__gte=F("freight_fen"))
                & Q(waived_fen__gte=0, amount_fen__gte=F("waived_fen")),
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=~Q(state__in=list(ENDED)) & Q(parcel_id=None),
                name="after_sale_one_open",
            ),
            models.UniqueConstraint(fields=["parcel_id"], name="after_sale_parcel"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def amount(self) -> Money:
        return Money(self.amount_fen, self.order.currency)

    @property
    def to_pay_back(self) -> Money:
        """What really goes back: what was never collected does not."""
        return Money(self.amount_fen - self.waived_fen, self.order.currency)

    @property
    def kind_label(self) -> str:
        return "未送达退回" if self.undelivered else str(self.get_kind_display())

    @property
    def undelivered(self) -> bool:
        """Goods that come back without having been with the buyer."""
        return self.kind == AfterSaleKind.RETURN and self.parcel_id is not None


class AfterSaleLine(models.Model):
    """`quantity`: the pieces concerned; of an allowance none are taken out of the order."""

    after_sale = models.ForeignKey(
        AfterSale, models.CASCADE, related_name="lines", verbose_name="售后单"
    )
    order_line = models.ForeignKey(OrderLine, models.PROTECT, verbose_name="订单行")
    quantity = models.PositiveIntegerField("数量")
    amount_fen = models.BigIntegerField("金额（分）")
    good = models.PositiveIntegerField("完好", default=0)
    damaged = models.PositiveIntegerField("残次", default=0)

    class Meta:
        verbose_name = "售后行"
        constraints = [
            models.CheckConstraint(
                name="after_sale_line_inspected",
                condition=Q(quantity__gte=F("good") + F("damaged")) & Q(quantity__gt=0),
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} × {self.quantity}"
