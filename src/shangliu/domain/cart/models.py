"""What somebody means to buy."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shangliu.domain.cart.states import CartState
from shangliu.domain.catalog.models import Variant
from shangliu.domain.crm.models import User
from shangliu.process.models import Stateful, due_index, waiting_index


class Cart(Stateful):
    """Of a visitor (`token` in the session) and, after sign-in, of a user. `visit`: the behaviour
    session that it began in, so that the source of an order is known."""

    token = models.CharField("令牌", max_length=32, unique=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="用户")
    visit = models.CharField("访问", max_length=32, default="", blank=True)
    created_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = "购物车"
        indexes = [
            waiting_index("cart_waiting", (CartState.CHECKED_OUT,)),
            due_index("cart_due"),
            models.Index(fields=["visit"], name="cart_visit", condition=~Q(visit="")),
            models.Index(fields=["user"], name="cart_user", condition=Q(user__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.case_no


class CartLine(models.Model):
    """`price_fen` is the unit price when it was put in: a change is said before submitting."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines", verbose_name="购物车")
    variant = models.ForeignKey(Variant, models.PROTECT, verbose_name="规格")
    quantity = models.PositiveIntegerField("数量")
    price_fen = models.BigIntegerField("加入时单价（分）")
    selected = models.BooleanField("选中", default=True)
    added_at = models.DateTimeField("加入时间")

    class Meta:
        verbose_name = "购物车行"
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once"),
            models.CheckConstraint(name="cart_line_quantity", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} × {self.quantity}"
