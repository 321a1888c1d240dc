"""The event log, the policies' values, and what every object that lives through a process has."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from shangliu.process.roles import Role


class Stateful(models.Model):
    """Columns of an object that a process moves. Only the engine writes them after creation.

    `due_at` is when the next timer of the present state fires; `case_no` joins all objects of one
    purchase; `last_step` is the step that led here.
    """

    state = models.CharField("状态", max_length=24)
    entered_at = models.DateTimeField("进入时间")
    due_at = models.DateTimeField("定时", null=True, blank=True)
    last_step = models.CharField("上一步骤", max_length=32)
    flow_version = models.PositiveIntegerField("流程版本", default=1)
    case_no = models.CharField("案例", max_length=40, db_index=True)

    class Meta:
        abstract = True


def waiting_index(name: str, terminal: tuple[str, ...]) -> models.Index:
    """For the map's counters: only what is still under way is in the index."""
    return models.Index(
        fields=["state", "entered_at"], name=name, condition=~Q(state__in=list(terminal))
    )


def due_index(name: str) -> models.Index:
    """For the timers: only what has one."""
    return models.Index(fields=["due_at"], name=name, condition=Q(due_at__isnull=False))


class Event(models.Model):
    """One step taken. Append-only: a trigger refuses update and delete. The table is partitioned
    by month of `at`; keys are unique because they are looked up under the lock of their case.

    `prev` is the step before it on the same object, `cause` the step of another object that
    fired this one (`payment.succeed`); `dwell_us` the time spent in `source`, in microseconds.
    """

    at = models.DateTimeField("时间")
    process = models.CharField("流程", max_length=24)
    object_id = models.BigIntegerField("对象")
    case_no = models.CharField("案例", max_length=40)
    version = models.PositiveIntegerField("版本")
    step = models.CharField("步骤", max_length=32)
    source = models.CharField("原状态", max_length=24)
    target = models.CharField("新状态", max_length=24)
    prev = models.CharField("前一步骤", max_length=32)
    cause = models.CharField("起因", max_length=60)
    lane = models.CharField("泳道", max_length=24)
    role = models.CharField("角色", max_length=16, choices=[(r.value, r.label.zh) for r in Role])
    actor = models.CharField("操作者", max_length=80)
    entered_at = models.DateTimeField("进入原状态的时间", null=True)
    dwell_us = models.BigIntegerField("停留（微秒）", null=True)
    facts = models.JSONField("依据", default=dict)
    key = models.CharField("幂等键", max_length=80, null=True)  # noqa: DJ001

    class Meta:
        verbose_name = "事件"
        indexes = [
            models.Index(fields=["case_no", "id"], name="event_case"),
            models.Index(fields=["process", "object_id", "id"], name="event_object"),
            models.Index(fields=["at", "process", "step"], name="event_at"),
            models.Index(fields=["key"], name="event_key", condition=Q(key__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.process}.{self.step}"


class PolicyValue(models.Model):
    """A value that a policy was given, by whom and why. The newest row counts; none is changed."""

    key = models.CharField("策略", max_length=48)
    value = models.BigIntegerField("值")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="修改人", related_name="+"
    )
    why = models.CharField("原因", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "策略值"
        indexes = [models.Index(fields=["key", "-id"], name="policy_newest")]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"
