"""The contract with the buyer: a trade is paid at once and owns one order per merchant."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shangliu.domain.catalog.models import Variant
from shangliu.domain.crm.models import User
from shangliu.domain.orders.states import OrderState
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.models import Stateful, due_index, waiting_index


class Trade(models.Model):
    """What is paid at once. `number` is the case number of everything that follows from it.

    `submit_key` makes submitting idempotent; `secret` lets a guest come back to the order.
    """

    number = models.CharField("交易号", max_length=40, unique=True)
    submit_key = models.CharField("提交令牌", max_length=64, unique=True)
    secret = models.CharField("访客凭证", max_length=32)
    user = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="用户")
    visit = models.CharField("访问", max_length=32, default="", blank=True)
    cart_case = models.CharField("购物车案例", max_length=40)
    total_fen = models.BigIntegerField("应付（分）")
    currency = models.CharField("币种", max_length=3, default="CNY")
    created_at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = "交易"
        indexes = [
            models.Index(fields=["cart_case"], name="trade_cart"),
            models.Index(fields=["visit"], name="trade_visit", condition=~Q(visit="")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        return Money(self.total_fen, self.currency)


class Order(Stateful):
    """One merchant's part of a trade.

    The receiver is a snapshot: a later change of the address book does not touch it. `terms` holds
    the values of buyer-protecting policies at submission. total = goods + freight - discount.
    """

    number = models.CharField("订单号", max_length=40, unique=True)
    trade = models.ForeignKey(Trade, models.PROTECT, related_name="orders", verbose_name="交易")
    user = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="用户")
    goods_fen = models.BigIntegerField("商品金额（分）")
    freight_fen = models.BigIntegerField("运费（分）")
    discount_fen = models.BigIntegerField("优惠（分）", default=0)
    total_fen = models.BigIntegerField("应付（分）")
    currency = models.CharField("币种", max_length=3, default="CNY")
    receiver_name = models.CharField("收货人", max_length=40)
    receiver_phone = models.CharField("手机号", max_length=20)
    province = models.CharField("省", max_length=20)
    city = models.CharField("市", max_length=30)
    district = models.CharField("区县", max_length=30, default="", blank=True)
    street = models.CharField("详细地址", max_length=120)
    delivery = models.CharField("配送方式", max_length=20)
    remark = models.CharField("买家留言", max_length=200, default="", blank=True)
    terms = models.JSONField("约定", default=dict)
    payment_number = models.CharField("支付单号", max_length=40, default="", blank=True)
    hold_reason = models.CharField("挂起原因", max_length=200, default="", blank=True)
    hold_reason_en = models.CharField(
        "挂起原因（英文）", max_length=200, default="", db_default="", blank=True
    )
    placed_at = models.DateTimeField("提交时间")
    pay_by = models.DateTimeField("付款截止", null=True)
    paid_at = models.DateTimeField("付款时间", null=True)
    shipped_at = models.DateTimeField("发货时间", null=True)
    delivered_at = models.DateTimeField("签收时间", null=True)
    completed_at = models.DateTimeField("完成时间", null=True)
    receipt_extended = models.BooleanField("已延长收货", default=False)
    refunded_fen = models.BigIntegerField("已退款（分）", default=0)

    class Meta:
        verbose_name = "订单"
        indexes = [
            models.Index(fields=["user", "-id"], name="order_user"),
            models.Index(fields=["receiver_phone"], name="order_phone"),
            models.Index(fields=["state", "-id"], name="order_state"),
            waiting_index(
                "order_waiting",
                (OrderState.COMPLETED, OrderState.CANCELLED, OrderState.CLOSED),
            ),
            due_index("order_due"),
        ]
        constraints = [
            models.CheckConstraint(
                name="order_sum",
                condition=Q(total_fen=F("goods_fen") + F("freight_fen") - F("discount_fen"))
                & Q(goods_fen__gte=0, freight_fen__gte=0, discount_fen__gte=0),
            ),
            models.CheckConstraint(
                name="order_refund_covered",
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("total_fen")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def held_for(self) -> Text:
        """Why somebody has to look at it: the rule's words, or what a colleague wrote."""
        return Text(self.hold_reason, self.hold_reason_en or self.hold_reason)

    @property
    def total(self) -> Money:
        return Money(self.total_fen, self.currency)

    @property
    def address(self) -> str:
        return f"{self.province}{self.city}{self.district}{self.street}"


class OrderLine(models.Model):
    """What was bought, in the words and at the price of that moment.

    `amount_fen` is what the buyer pays for the line after its share of discounts.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", verbose_name="订单")
    variant = models.ForeignKey(Variant, models.PROTECT, verbose_name="规格")
    sku = models.CharField("SKU", max_length=64)
    name = models.CharField("商品", max_length=200)
    options = models.CharField("规格", max_length=200, default="", blank=True)
    picture = models.CharField("图片", max_length=120, default="", blank=True)
    price_fen = models.BigIntegerField("单价（分）")
    quantity = models.PositiveIntegerField("数量")
    amount_fen = models.BigIntegerField("金额（分）")
    weight_g = models.PositiveIntegerField("单重（克）")
    returned = models.PositiveIntegerField("已退数量", default=0)
    refunded_fen = models.BigIntegerField("已退金额（分）", default=0)

    class Meta:
        verbose_name = "订单行"
        constraints = [
            models.CheckConstraint(
                name="line_refund_covered",
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("amount_fen"))
                & Q(returned__lte=F("quantity"))
                & Q(quantity__gt=0),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"
