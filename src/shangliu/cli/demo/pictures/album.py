"""Every picture by its key: what is drawn, on which ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shangliu.cli.demo.pictures import (
    bed,
    clothes,
    food,
    home,
    kids,
    kitchen,
    outdoor,
    paper,
    table,
    tea,
)
from shangliu.cli.demo.pictures.ink import Sheet
from shangliu.domain.catalog.illustrations import all_keys

Drawing = Callable[[Sheet], None]

TEA = "#dde4d3"
TABLE = "#d9e2de"
KITCHEN = "#ecdfce"
BED = "#e7dfe2"
CLOTHES = "#dce3e7"
PAPER = "#efe6d0"
FOOD = "#f4e2c9"
HOME = "#e7ddcd"
OUTDOOR = "#d7e3db"
KIDS = "#f4e1d8"


@dataclass(frozen=True, slots=True)
class Picture:
    """`scale` is 1 for what is wide as it is drawn. A `plain` one is in the tones of its ground."""

    ground: str
    draw: Drawing
    scale: float = 1.12
    plain: bool = False


def _p(ground: str, draw: Callable[..., None], *, scale: float = 1.12, **how: object) -> Picture:
    return Picture(ground, partial(draw, **how), scale)


PRODUCTS: dict[str, Picture] = {
    "longjing": _p(TEA, tea.tea_tin, colour="#5c7a52"),
    "tieguanyin": _p(TEA, tea.tea_box, colour="#4f7065"),
    "dianhong": _p(TEA, tea.tea_tin, colour="#8c3b2c", leaf="#5a2d1c"),
    "shupu": _p(TEA, tea.tea_cake),
    "gaiwan": _p(TEA, tea.gaiwan),
    "zisha": _p(TEA, tea.teapot, colour="#8a4a36"),
    "gongdao": _p(TEA, tea.glass_pitcher),
    "chapan": _p(TEA, tea.tea_tray, scale=1.02),
    "qingci": _p(TABLE, table.bowl, colour="#9dbcae"),
    "lanhua": _p(TABLE, table.plates),
    "cutao": _p(TABLE, table.mug, colour="#b99a78", glaze="#4d6a72"),
    "kuaizi": _p(TABLE, table.chopsticks, scale=1.0),
    "zhutie": _p(KITCHEN, kitchen.frying_pan, scale=1.0),
    "chaoguo": _p(KITCHEN, kitchen.wok, scale=1.0),
    "sande": _p(KITCHEN, kitchen.knife, scale=1.04),
    "zhenban": _p(KITCHEN, kitchen.board),
    "shuihu": _p(KITCHEN, kitchen.kettle, colour="#4f7d75", scale=1.06),
    "qiaomai": _p(BED, bed.pillow, colour="#ece7dd", piping="#b7a68c", scale=1.06),
    "cansi": _p(BED, bed.quilt, colour="#e9e2d6", trim="#8d4a3c"),
    "shuixi": _p(BED, bed.bed_linen, colour="#9aabb0", second="#e7e0d4"),
    "yangmao": _p(BED, bed.blanket, colour="#b99b80", stripe="#f0e8da", scale=1.05),
    "tixu": _p(CLOTHES, clothes.t_shirt, colour="#e9e6df", scale=1.06),
    "yama": _p(CLOTHES, clothes.shirt, colour="#8fa6a8", scale=1.02),
    "mianwa": _p(CLOTHES, clothes.socks, colour="#5b6a78", trim="#d8cdb8", stripe="#b8603f"),
    "weijin": _p(CLOTHES, clothes.scarf, colour="#a8503c", stripe="#ecd9bd"),
    "xianzhuang": _p(PAPER, paper.notebook, colour="#34506b", ribbon="#b8402a", scale=1.02),
    "gangbi": _p(PAPER, paper.fountain_pen, colour="#24382f"),
    "caiqian": _p(
        PAPER,
        paper.pencils,
        colours=("#b8402a", "#2f5d73", "#d9a441", "#4f6b4a", "#6b4630"),
        scale=1.0,
    ),
    "moshui": _p(PAPER, paper.ink_bottle, colour="#26364a"),
    "taosu": _p(FOOD, food.biscuits, colour="#a8452f", scale=1.04),
    "fengmi": _p(FOOD, food.honey),
    "badanmu": _p(FOOD, food.nuts, colour="#c9a878", scale=1.06),
    "lajiang": _p(FOOD, food.jar, content="#a8321f", lid="#2a2a2e", bits="#e8c08a"),
    "taideng": _p(HOME, home.lamp, scale=1.06),
    "xiangxun": _p(HOME, home.candle),
    "maojin": _p(HOME, home.towel, colours=("#c4d0c8", "#efe6d6", "#a9bcc4")),
    "tenglan": _p(HOME, home.basket),
    "beibao": _p(OUTDOOR, outdoor.backpack, colour="#5e6f58", scale=1.04),
    "baowen": _p(OUTDOOR, outdoor.bottle, colour="#2f4a4c"),
    "yusan": _p(OUTDOOR, outdoor.umbrella, colour="#3f5f7a", scale=1.02),
    "jimu": _p(KIDS, kids.blocks, colours=("#c4553f", "#5b8aa0", "#e0b35a", "#7c9a6a", "#dcbb8a")),
    "tuzi": _p(KIDS, kids.rabbit, colour="#e3d6c4"),
    "xiongwan": _p(KIDS, kids.child_bowl, colour="#e9c27a", spoon="#7fa6a0", scale=1.04),
}

_KINDS: dict[str, Picture] = {
    "tea": PRODUCTS["longjing"],
    "towel": PRODUCTS["maojin"],
    "pillow": PRODUCTS["qiaomai"],
    "mattress": _p(BED, bed.mattress, scale=1.0),
    "bedding": PRODUCTS["shuixi"],
    "quilt": PRODUCTS["cansi"],
    "furniture": _p(HOME, home.chair),
    "luggage": _p(OUTDOOR, outdoor.suitcase, colour="#7d9aa0"),
    "bag": _p(OUTDOOR, outdoor.leather_bag, colour="#9a5f34"),
    "shoes": _p(CLOTHES, clothes.slippers, colour="#8a9a86"),
    "socks": PRODUCTS["mianwa"],
    "underwear": _p(CLOTHES, clothes.pyjamas, colour="#9fb4c4"),
    "shirt": PRODUCTS["tixu"],
    "scarf": PRODUCTS["weijin"],
    "pan": PRODUCTS["zhutie"],
    "knife": PRODUCTS["sande"],
    "cup": _p(TABLE, table.glass_cup),
    "tableware": PRODUCTS["qingci"],
    "cleaning": PRODUCTS["tenglan"],
    "nuts": PRODUCTS["badanmu"],
    "snack": _p(FOOD, food.rice_cakes),
    "honey": _p(FOOD, food.sauce_bottle),
    "care": _p(HOME, home.soap),
    "candle": PRODUCTS["xiangxun"],
    "lamp": PRODUCTS["taideng"],
    "pet": _p(KIDS, kids.cat, colour="#d39a5a"),
    "toy": PRODUCTS["jimu"],
    "stationery": _p(PAPER, paper.desk_set, colour="#c8b79a"),
    "umbrella": PRODUCTS["yusan"],
    "outdoor": _p(OUTDOOR, outdoor.tent, colour="#c98a3f", scale=1.0),
    "sport": _p(OUTDOOR, outdoor.ball, colour="#c9702f"),
    "electric": _p(HOME, home.fan),
    "gift": _p(FOOD, food.gift_box, colour="#7d2f2a", ribbon="#d9b36a"),
    "vase": _p(HOME, home.vase),
    "balm": _p(HOME, paper.open_tin, colour="#9fb7a6"),
    "home": _p(HOME, home.house),
    "general": _p(TEA, kids.peaks, colour="#8fa39a"),
}


def album() -> dict[str, Picture]:
    """All pictures: the demo shop's products, and a plain one for every kind of product."""
    found = {f"demo/{key}": picture for key, picture in PRODUCTS.items()}
    for key in all_keys():
        kind = _KINDS[key.rpartition("/")[2]]
        found[key] = Picture(kind.ground, kind.draw, kind.scale, plain=True)
    return found
