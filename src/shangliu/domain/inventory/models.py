"""Where goods lie, how many, who has a claim on them, and how every number came about."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory.states import ReservationState
from shangliu.process.models import Stateful, due_index, waiting_index


class Warehouse(models.Model):
    """A place that ships. `priority` decides where a cart's hold is taken first (small = first)."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=40)
    province = models.CharField("省", max_length=20)
    city = models.CharField("市", max_length=30)
    district = models.CharField("区县", max_length=30, default="", blank=True)
    street = models.CharField("地址", max_length=120)
    contact = models.CharField("联系人", max_length=40)
    phone = models.CharField("电话", max_length=20)
    priority = models.PositiveSmallIntegerField("优先级", default=100)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "仓库"
        ordering = ["priority", "id"]

    def __str__(self) -> str:
        return self.name


class Stock(models.Model):
    """Counters of one variant in one warehouse, in units.

    available = on_hand - held - committed - safety; no claim can bring it below zero: a check
    covers claims by what is on hand, a trigger also by what `safety` keeps back. `in_transit` is
    on its way here and cannot be sold yet. The counters equal the sums of the ledger
    (`StockMovement`) at any moment.
    """

    variant = models.ForeignKey(Variant, models.PROTECT, related_name="stocks", verbose_name="规格")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, verbose_name="仓库")
    on_hand = models.IntegerField("在库", default=0)
    held = models.IntegerField("预占", default=0)
    committed = models.IntegerField("已售待发", default=0)
    damaged = models.IntegerField("残次", default=0)
    in_transit = models.IntegerField("在途", default=0)
    safety = models.IntegerField("安全库存", default=0)

    class Meta:
        verbose_name = "库存"
        constraints = [
            models.UniqueConstraint(fields=["variant", "warehouse"], name="stock_once"),
            models.CheckConstraint(
                name="stock_claims_covered",
                condition=Q(on_hand__gte=F("held") + F("committed"))
                & Q(held__gte=0)
                & Q(committed__gte=0)
                & Q(damaged__gte=0)
                & Q(in_transit__gte=0)
                & Q(safety__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}@{self.warehouse_id}"

    @property
    def available(self) -> int:
        return self.on_hand - self.held - self.committed - self.safety


class StockMovement(models.Model):
    """One line of the stock ledger. Append-only: a trigger refuses update and delete."""

    stock = models.ForeignKey(Stock, models.PROTECT, related_name="movements", verbose_name="库存")
    kind = models.CharField("类别", max_length=16)
    on_hand = models.IntegerField("在库变动", default=0)
    held = models.IntegerField("预占变动", default=0)
    committed = models.IntegerField("已售变动", default=0)
    damaged = models.IntegerField("残次变动", default=0)
    in_transit = models.IntegerField("在途变动", default=0)
    safety = models.IntegerField("安全库存变动", default=0)
    document = models.CharField("来源单据", max_length=60)
    actor = models.CharField("操作者", max_length=80)
    why = models.CharField("原因", max_length=120, default="", blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "库存流水"
        indexes = [models.Index(fields=["document"], name="movement_document")]

    def __str__(self) -> str:
        return f"{self.kind} {self.stock_id}"


class Inbound(models.Model):
    """Goods on their way to a warehouse: sent by another one (`origin`), or a supplier's.

    What is neither `received` (whole or damaged) nor `lost` is still in transit.
    """

    number = models.CharField("单号", max_length=32, unique=True)
    stock = models.ForeignKey(
        Stock, models.PROTECT, related_name="inbound", verbose_name="到货库存"
    )
    origin = models.ForeignKey(
        Stock, models.PROTECT, null=True, related_name="outbound", verbose_name="发出库存"
    )
    quantity = models.PositiveIntegerField("数量")
    received = models.PositiveIntegerField("已收", default=0)
    damaged = models.PositiveIntegerField("到货残次", default=0)
    lost = models.PositiveIntegerField("短少", default=0)
    why = models.CharField("原因", max_length=120)
    actor = models.CharField("操作者", max_length=80)
    created_at = models.DateTimeField("发出时间")

    class Meta:
        verbose_name = "在途单"
        constraints = [
            models.CheckConstraint(
                name="inbound_of_something",
                condition=Q(quantity__gt=0)
                & Q(quantity__gte=F("received") + F("damaged") + F("lost")),
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def on_the_way(self) -> int:
        return self.quantity - self.received - self.damaged - self.lost


class Reservation(Stateful):
    """A claim on units of one stock row: first of a cart, then of an order line.

    `held_since`: since when this cart has held the goods without a pause, renewals included.
    """

    stock = models.ForeignKey(
        Stock, models.PROTECT, related_name="reservations", verbose_name="库存"
    )
    variant = models.ForeignKey(Variant, models.PROTECT, verbose_name="规格")
    quantity = models.PositiveIntegerField("数量")
    cart_id = models.BigIntegerField("购物车", null=True)
    order_line_id = models.BigIntegerField("订单行", null=True)
    hold_until = models.DateTimeField("保留到")
    held_since = models.DateTimeField("起占时间", null=True)

    class Meta:
        verbose_name = "预占"
        indexes = [
            models.Index(fields=["cart_id"], name="reservation_cart"),
            models.Index(fields=["order_line_id"], name="reservation_line"),
            waiting_index(
                "reservation_waiting",
                (ReservationState.SHIPPED, ReservationState.RELEASED, ReservationState.EXPIRED),
            ),
            due_index("reservation_due"),
        ]
        constraints = [
            models.CheckConstraint(name="reservation_of_something", condition=Q(quantity__gt=0))
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} × {self.quantity}"
