"""What visitors did before there was an object to move: the first stages of the map."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Behaviour(models.Model):
    """One thing a visitor did. Written in batches, off the page's path.

    `visit` is the behaviour session, `step` a step of the recorded process (`view_product`),
    `about` what it concerned (a product code), the rest where the visit came from. `known`:
    this browser was here before; null where nobody asked it.
    """

    at = models.DateTimeField("时间")
    visit = models.CharField("访问", max_length=32)
    step = models.CharField("步骤", max_length=32)
    prev = models.CharField("前一步骤", max_length=32, default="", blank=True)
    about = models.CharField("对象", max_length=64, default="", blank=True)
    source = models.CharField("来源", max_length=60, default="", blank=True)
    medium = models.CharField("媒介", max_length=60, default="", blank=True)
    campaign = models.CharField("活动", max_length=60, default="", blank=True)
    referrer = models.CharField("引荐", max_length=120, default="", blank=True)
    device = models.CharField("设备", max_length=8, default="", blank=True)
    user_id = models.BigIntegerField("用户", null=True)
    known = models.BooleanField("来过", null=True)

    class Meta:
        verbose_name = "行为"
        indexes = [
            models.Index(fields=["visit", "at"], name="behaviour_visit"),
            models.Index(fields=["at", "step"], name="behaviour_at"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.about}"


class HourFigure(models.Model):
    """What an hour that is over added to the map: for the picture of `version`, how often a way
    was gone (`key` is the passage, tab-separated), an end was reached (an edge) or a step taken (a
    node, with the `buckets` of its dwell)."""

    class Kind(models.TextChoices):
        PASSAGE = "passage", "通过"
        END = "end", "终点"
        NODE = "node", "节点"

    version = models.CharField("版本", max_length=24)
    hour = models.DateTimeField("小时")
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    key = models.CharField("键", max_length=300)
    count = models.IntegerField("次数")
    buckets = models.JSONField("停留分布", default=dict)

    class Meta:
        verbose_name = "小时汇总"
        constraints = [
            models.UniqueConstraint(
                fields=["version", "hour", "kind", "key"], name="hour_figure_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.key}"


class Sealed(models.Model):
    """The hours of a version that are summed up: `first` up to `until`, without a gap."""

    version = models.CharField("版本", max_length=24, unique=True)
    first = models.DateTimeField("从")
    until = models.DateTimeField("至")

    class Meta:
        verbose_name = "已汇总"

    def __str__(self) -> str:
        return f"{self.version} {self.until:%Y-%m-%d %H}"


class Journey(models.Model):
    """How far one visit came, summed up from what was seen of it and of its cart and order.

    `reached` is the position of the farthest step of the funnel, `took` the milliseconds from each
    step to the next where the visit took both. A visit that goes on is summed up again.
    """

    visit = models.CharField("访问", max_length=32, primary_key=True)
    began_at = models.DateTimeField("开始")
    ended_at = models.DateTimeField("最后活动")
    reached = models.SmallIntegerField("到达")
    took = ArrayField(models.BigIntegerField(null=True), verbose_name="用时")
    source = models.CharField("来源", max_length=120)
    device = models.CharField("设备", max_length=8)
    category = models.CharField("类目", max_length=60)
    known = models.BooleanField("来过", null=True)

    class Meta:
        verbose_name = "访问历程"
        indexes = [
            models.Index(
                fields=["began_at"],
                include=["reached", "source", "device", "category", "known", "visit"],
                name="journey_began",
            ),
            models.Index(fields=["reached", "-began_at", "visit"], name="journey_reached"),
        ]

    def __str__(self) -> str:
        return f"{self.visit} {self.reached}"


class JourneyDay(models.Model):
    """A day of the shop's zone whose journeys are counted (`JourneyCount`) and timed
    (`JourneyTime`) as they stand. Whatever changes a journey of the day deletes this row in the
    same transaction; what was counted says nothing without it."""

    since = models.DateTimeField("从", primary_key=True)
    until = models.DateTimeField("至")

    class Meta:
        verbose_name = "已汇总的访问日"

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M}"


class JourneyCount(models.Model):
    """How many visits which began that day and have this in common came how far: `counts` by the
    position of the farthest step."""

    day = models.DateTimeField("日")
    source = models.CharField("来源", max_length=120)
    device = models.CharField("设备", max_length=8)
    category = models.CharField("类目", max_length=60)
    known = models.BooleanField("来过", null=True)
    counts = ArrayField(models.IntegerField(), verbose_name="次数")

    class Meta:
        verbose_name = "访问日计数"
        indexes = [models.Index(fields=["day"], name="journey_count_day")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.source} {self.device} {self.category}"


class JourneyTime(models.Model):
    """How long visits of that day took from step `place` to the next: `counts[i]` took `took[i]`
    milliseconds. Of all visits (`by` is empty) and of those with one value."""

    day = models.DateTimeField("日")
    by = models.CharField("按", max_length=8)
    value = models.CharField("值", max_length=120)
    place = models.SmallIntegerField("位置")
    took = ArrayField(models.BigIntegerField(), verbose_name="用时")
    counts = ArrayField(models.IntegerField(), verbose_name="次数")

    class Meta:
        verbose_name = "访问日用时"
        indexes = [models.Index(fields=["day", "by", "value"], name="journey_time_day")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.by} {self.value} {self.place}"


class Alarm(models.Model):
    """Something that is wrong, or was. One open row for a `key`; the watch opens it, keeps it up to
    date and clears it when its evidence is gone. `root` is the key of the alarm that explains it.
    """

    key = models.CharField("键", max_length=120)
    rank = models.PositiveSmallIntegerField("名次", default=0)
    depth = models.PositiveSmallIntegerField("层次")
    stage = models.CharField("阶段", max_length=24, default="", blank=True)
    system = models.CharField("系统", max_length=32)
    step = models.CharField("步骤", max_length=60, default="", blank=True)
    state = models.CharField("状态", max_length=24, default="", blank=True)
    decision = models.JSONField("决策", default=list)
    owner = models.CharField("负责人", max_length=16)
    cause = models.JSONField("可能原因")
    evidence = models.JSONField("证据", default=list)
    plays = models.JSONField("处置", default=list)
    cases = models.JSONField("案例", default=list)
    count = models.PositiveIntegerField("数量", default=1)
    fresh = models.BooleanField("还在发生", default=True)
    root = models.CharField("根因", max_length=120, default="", blank=True)
    opened_at = models.DateTimeField("开始时间")
    seen_at = models.DateTimeField("最近看到")
    cleared_at = models.DateTimeField("消除时间", null=True)
    acknowledged_by = models.CharField("确认人", max_length=80, default="", blank=True)
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acts = models.JSONField("处置记录", default=list)

    class Meta:
        verbose_name = "告警"
        indexes = [
            models.Index(fields=["-cleared_at"], name="alarm_cleared"),
            models.Index(
                fields=["rank"], name="alarm_open_rank", condition=models.Q(cleared_at__isnull=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], name="alarm_open", condition=models.Q(cleared_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.key
