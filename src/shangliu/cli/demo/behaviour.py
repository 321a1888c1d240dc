"""Visits to the demo shop: where they come from, what is looked at, how far they get."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from shangliu.cli.demo.shop import Article, Stall
from shangliu.insight.models import Behaviour

SOURCES = (
    (30, "", "", "", ""),
    (18, "baidu", "organic", "", "www.baidu.com"),
    (14, "xiaohongshu", "social", "qiu-cha", "www.xiaohongshu.com"),
    (12, "weixin", "social", "gongzhonghao-11", "mp.weixin.qq.com"),
    (10, "douyin", "cpc", "shuang-12", "www.douyin.com"),
    (7, "weibo", "social", "", "weibo.com"),
    (5, "zhihu", "referral", "", "www.zhihu.com"),
    (4, "sms", "message", "lao-ke", ""),
)
DEVICES = (("mobile", 68), ("desktop", 26), ("tablet", 6))
_RETURNING = 38  # percent
_MOST_KEPT = 2000


@dataclass(slots=True)
class Visit:
    """One visitor's way through the shop; rows are kept by `Visits`."""

    code: str
    source: str
    medium: str
    campaign: str
    referrer: str
    device: str
    known: bool
    last: str = ""


@dataclass
class Visits:
    rng: Random
    stall: Stall
    rows: list[Behaviour] = field(default_factory=list)
    written: int = 0

    def begin(self, at: datetime) -> Visit:
        _, source, medium, campaign, referrer = self.rng.choices(
            SOURCES, [row[0] for row in SOURCES]
        )[0]
        device = self.rng.choices([name for name, _ in DEVICES], [n for _, n in DEVICES])[0]
        code = self.rng.getrandbits(128)
        if source == "weixin" and device == "mobile":
            device = "wechat"
        back = code % 100 < _RETURNING
        visit = Visit(f"{code:032x}", source, medium, campaign, referrer, device, back)
        self.see(visit, "arrive", at)
        return visit

    def see(
        self,
        visit: Visit,
        step: str,
        at: datetime,
        *,
        about: str = "",
        user_id: int | None = None,
    ) -> None:
        self.rows.append(
            Behaviour(
                at=at,
                visit=visit.code,
                step=step,
                prev=visit.last,
                about=about,
                source=visit.source,
                medium=visit.medium,
                campaign=visit.campaign,
                referrer=visit.referrer,
                device=visit.device,
                known=visit.known,
                user_id=user_id,
            )
        )
        visit.last = step
        if len(self.rows) >= _MOST_KEPT:
            self.write()

    def look_at(self, visit: Visit, article: Article, at: datetime) -> None:
        """A list, then the article's page."""
        self.see(visit, "browse", at, about=article.category)
        later = at + timedelta(seconds=self.rng.randint(6, 90))
        self.see(visit, "view_product", later, about=article.product)

    def stroll(self, at: datetime) -> None:
        """A visit that ends without anything in the cart: most do."""
        visit = self.begin(at)
        moment = at
        while self.rng.random() < 0.66:
            moment += timedelta(seconds=self.rng.randint(3, 80))
            if self.rng.random() < 0.3:
                self.see(visit, "browse", moment, about=self.stall.pick(self.rng).category)
                return
            self.look_at(visit, self.stall.pick(self.rng), moment)
            moment += timedelta(seconds=100)

    def write(self) -> None:
        Behaviour.objects.bulk_create(self.rows, batch_size=1000)
        self.written += len(self.rows)
        self.rows.clear()
