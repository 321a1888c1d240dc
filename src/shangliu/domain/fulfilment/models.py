"""What one warehouse does for one order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory.models import Reservation, Warehouse
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.process.models import Stateful, due_index, waiting_index


class FulfilmentTask(Stateful):
    """`claimed_by` is the picker's login: two people do not work on the same task."""

    number = models.CharField("任务号", max_length=40, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="tasks", verbose_name="订单")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, verbose_name="仓库")
    parcel = models.OneToOneField(
        Parcel, models.PROTECT, null=True, related_name="task", verbose_name="包裹"
    )
    wave = models.CharField("波次", max_length=40, default="", blank=True)
    claimed_by = models.CharField("领取人", max_length=80, default="", blank=True)
    expected_g = models.PositiveIntegerField("预计重量（克）")
    weight_g = models.PositiveIntegerField("实际重量（克）", null=True)
    note = models.CharField("备注", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "发货任务"
        indexes = [
            waiting_index("task_waiting", (TaskState.HANDED_OVER, TaskState.CANCELLED)),
            due_index("task_due"),
        ]

    def __str__(self) -> str:
        return self.number


class TaskLine(models.Model):
    task = models.ForeignKey(
        FulfilmentTask, models.CASCADE, related_name="lines", verbose_name="任务"
    )
    order_line = models.ForeignKey(OrderLine, models.PROTECT, verbose_name="订单行")
    reservation = models.ForeignKey(Reservation, models.PROTECT, verbose_name="预占")
    quantity = models.PositiveIntegerField("数量")
    picked = models.PositiveIntegerField("已拣", default=0)

    class Meta:
        verbose_name = "任务行"
        constraints = [
            models.CheckConstraint(
                name="task_line_picked", condition=Q(picked__lte=models.F("quantity"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} × {self.quantity}"
