"""Which drawing stands in for a product that has no picture of its own.

A catalogue from elsewhere comes without pictures. The product's name is asked first, then its
categories from the nearest up; the first row with a word in it wins. Every key is drawn together
with the demo shop's pictures.
"""

from __future__ import annotations

from collections.abc import Iterable

FOLDER = "category"
GENERAL = f"{FOLDER}/general"

KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pet", ("宠物", "猫", "狗", "犬")),
    ("home", ("窗帘", "纱帘", "地毯", "镜", "钟")),
    ("stationery", ("钢笔", "性笔", "油笔", "铅笔", "笔记本", "文具")),
    ("snack", ("酥", "曲奇", "粽", "糕")),
    ("tea", ("茶叶", "绿茶", "红茶", "乌龙", "普洱", "白茶", "花茶", "茗茶")),
    ("towel", ("毛巾", "浴巾", "方巾", "面巾", "浴室")),
    ("pillow", ("枕", "靠垫", "抱枕", "坐垫", "布艺软装")),
    ("mattress", ("床垫", "床笠", "床褥")),
    ("bedding", ("四件套", "床品", "床单", "被套", "被罩", "件套")),
    ("quilt", ("被", "毯", "盖毯")),
    ("furniture", ("沙发", "桌", "椅", "凳", "柜", "架", "家具", "床")),
    ("luggage", ("旅行箱", "拉杆箱", "登机箱", "行李", "箱包", "出行")),
    ("bag", ("背包", "双肩包", "斜挎", "手提", "钱包", "包袋", "包")),
    ("shoes", ("拖鞋", "鞋", "靴")),
    ("socks", ("袜",)),
    ("underwear", ("内裤", "内衣", "文胸", "家居服", "睡衣")),
    ("shirt", ("T恤", "t恤", "衬衫", "卫衣", "外套", "毛衣", "裤", "裙", "衫", "服装", "服饰")),
    ("scarf", ("围巾", "丝巾", "帽", "手套", "配件", "配饰")),
    ("pan", ("锅", "煎", "炒", "铲", "厨")),
    ("knife", ("刀", "砧板", "案板")),
    ("cup", ("杯", "壶", "水具", "咖啡", "酒具")),
    ("tableware", ("碗", "盘", "碟", "筷", "勺", "餐具", "餐厨")),
    ("cleaning", ("清洁", "收纳", "垃圾", "拖把", "抹布", "洗衣")),
    ("nuts", ("坚果", "炒货", "核桃", "腰果", "扁桃")),
    ("snack", ("饼", "糕", "点心", "糖", "巧克力", "零食", "小食", "食", "果干", "肉")),
    ("honey", ("蜂蜜", "酱", "调味", "油", "冲饮")),
    ("care", ("洗护", "面膜", "护肤", "香皂", "牙", "剃", "美妆", "个护", "沐浴")),
    ("candle", ("香薰", "蜡烛", "香氛")),
    ("lamp", ("灯",)),
    ("toy", ("玩具", "婴", "童", "积木", "玩偶", "宝宝", "母婴")),
    ("stationery", ("文具", "本", "笔", "纸", "书", "志趣")),
    ("umbrella", ("伞", "雨")),
    ("outdoor", ("户外", "露营", "帐篷")),
    ("electric", ("电器", "机", "充电", "耳机", "数码", "音箱", "风扇")),
    ("sport", ("运动", "健身", "瑜伽", "球")),
    ("vase", ("花", "摆件", "绿植", "月光曲", "家饰")),
    ("balm", ("面霜", "护手", "药膏")),
    ("gift", ("礼", "特色", "周边", "杂货")),
    ("home", ("居家", "家居", "家")),
)


def illustration_for(name: str, categories: Iterable[str]) -> str:
    """The key of the drawing for a product named `name`; `categories` from the nearest up."""
    for text in (name, *categories):
        for kind, words in KINDS:
            if any(word in text for word in words):
                return f"{FOLDER}/{kind}"
    return GENERAL


def all_keys() -> tuple[str, ...]:
    return (GENERAL, *dict.fromkeys(f"{FOLDER}/{kind}" for kind, _ in KINDS))
