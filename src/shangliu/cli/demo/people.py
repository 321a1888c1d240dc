"""Who works in the demo shop, and who buys there. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from shangliu.domain.crm.models import Address, User
from shangliu.domain.crm.staff import create_staff
from shangliu.flow.checkout import Receiver
from shangliu.platform import clock
from shangliu.process.roles import Role

PASSWORD = "shangliu-demo"  # noqa: S105 - told to everybody at the start, for the demo shop only
FIRST_LOGINS = ("yunying", "cangku", "kefu", "caiwu", "admin")
BUYERS = 120

_STAFF = (
    ("yunying", "林知夏", Role.OPERATIONS),
    ("cangku", "周大勇", Role.WAREHOUSE),
    ("kefu", "沈晓棠", Role.SERVICE),
    ("caiwu", "陆明哲", Role.FINANCE),
    ("admin", "秦怀远", Role.ADMIN),
    ("yunying2", "何若谷", Role.OPERATIONS),
    ("cangku2", "吴春生", Role.WAREHOUSE),
    ("cangku3", "罗小川", Role.WAREHOUSE),
    ("kefu2", "谭雨薇", Role.SERVICE),
)

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏"
    "魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
)
_GIVEN = (
    "子涵", "雨桐", "浩然", "欣怡", "梓萱", "一诺", "思远", "嘉懿", "静姝", "文博", "晓峰",
    "丽娟", "建国", "志强", "秀英", "婉清", "俊杰", "佳琪", "明轩", "诗涵", "昊天", "若曦",
    "宇航", "可馨", "立诚", "美玲", "春燕", "国栋", "海燕", "瑞雪", "天佑", "依诺", "沐阳",
    "书瑶", "景行", "安然", "以宁", "望舒", "知远", "念慈", "小满", "立夏", "平", "敏", "磊",
    "婷", "涛", "娜", "洋", "倩", "鹏", "颖", "斌", "雪", "超", "琳", "勇", "慧", "刚", "洁",
)  # fmt: skip
_PLACES = (
    ("浙江省", "杭州市", "西湖区", ("文三路", "古墩路", "天目山路", "丰潭路")),
    ("浙江省", "杭州市", "滨江区", ("江南大道", "滨盛路", "长河路")),
    ("浙江省", "杭州市", "余杭区", ("文一西路", "良睦路", "五常大道")),
    ("浙江省", "宁波市", "鄞州区", ("中兴路", "百丈东路", "天童北路")),
    ("浙江省", "温州市", "鹿城区", ("车站大道", "学院中路")),
    ("上海市", "上海市", "浦东新区", ("张杨路", "锦绣路", "祖冲之路", "花木路")),
    ("上海市", "上海市", "徐汇区", ("漕溪北路", "龙华中路", "宛平南路")),
    ("上海市", "上海市", "杨浦区", ("国定路", "四平路", "控江路")),
    ("江苏省", "南京市", "鼓楼区", ("中山北路", "汉中路", "草场门大街")),
    ("江苏省", "苏州市", "吴中区", ("东吴北路", "宝带东路")),
    ("江苏省", "无锡市", "梁溪区", ("中山路", "人民中路")),
    ("广东省", "广州市", "天河区", ("体育西路", "天河北路", "龙口东路", "科韵路")),
    ("广东省", "深圳市", "南山区", ("深南大道", "科苑路", "后海大道", "南海大道")),
    ("广东省", "深圳市", "福田区", ("福华路", "彩田路", "景田路")),
    ("广东省", "佛山市", "南海区", ("桂澜路", "海五路")),
    ("北京市", "北京市", "海淀区", ("中关村大街", "知春路", "学院路", "西三旗东路")),
    ("北京市", "北京市", "朝阳区", ("朝阳北路", "望京街", "广渠路", "安立路")),
    ("北京市", "北京市", "丰台区", ("方庄路", "马家堡东路")),
    ("四川省", "成都市", "武侯区", ("人民南路四段", "科华北路", "桐梓林北路")),
    ("四川省", "成都市", "锦江区", ("东大街", "三圣街", "静居寺路")),
    ("四川省", "成都市", "高新区", ("天府大道中段", "益州大道", "锦城大道")),
    ("四川省", "绵阳市", "涪城区", ("临园路东段", "长虹大道中段")),
    ("重庆市", "重庆市", "渝北区", ("新南路", "龙山大道")),
    ("重庆市", "重庆市", "南岸区", ("南坪西路", "江南大道")),
    ("湖北省", "武汉市", "洪山区", ("珞喻路", "雄楚大道", "文荟街")),
    ("湖北省", "武汉市", "江汉区", ("解放大道", "新华路")),
    ("湖南省", "长沙市", "岳麓区", ("麓山南路", "金星中路")),
    ("陕西省", "西安市", "雁塔区", ("长安南路", "小寨东路", "雁翔路")),
    ("福建省", "厦门市", "思明区", ("湖滨南路", "莲前西路")),
    ("福建省", "福州市", "鼓楼区", ("五四路", "杨桥中路")),
    ("山东省", "青岛市", "市南区", ("香港中路", "宁夏路")),
    ("山东省", "济南市", "历下区", ("经十路", "泺源大街")),
    ("河南省", "郑州市", "金水区", ("花园路", "农业路")),
    ("安徽省", "合肥市", "蜀山区", ("长江西路", "望江西路")),
    ("云南省", "昆明市", "五华区", ("人民中路", "学府路")),
    ("辽宁省", "大连市", "沙河口区", ("西安路", "中山路")),
    ("天津市", "天津市", "南开区", ("白堤路", "鞍山西道")),
    ("黑龙江省", "哈尔滨市", "南岗区", ("西大直街", "学府路")),
)


@dataclass(frozen=True, slots=True)
class Buyer:
    user_id: int
    receiver: Receiver


@dataclass(frozen=True, slots=True)
class Crew:
    """Logins by what they do."""

    operations: tuple[str, ...]
    warehouse: tuple[str, ...]
    service: tuple[str, ...]
    finance: tuple[str, ...]


def hire() -> Crew:
    """The staff's accounts, one password for all."""
    for login, name, role in _STAFF:
        person = create_staff(login=login, name=name, password=PASSWORD, roles=(role,))
        person.is_demo = True
        person.save(update_fields=["is_demo"])

    def who(wanted: Role) -> tuple[str, ...]:
        return tuple(login for login, _, role in _STAFF if role is wanted)

    return Crew(who(Role.OPERATIONS), who(Role.WAREHOUSE), who(Role.SERVICE), who(Role.FINANCE))


def crowd(rng: Random, count: int = BUYERS) -> tuple[Buyer, ...]:
    """The buyers with their addresses."""
    people, receivers = [], []
    numbers = rng.sample(range(10_000_000, 99_999_999), count)
    for number in numbers:
        receiver = _receiver(rng, f"+86139{number}")
        receivers.append(receiver)
        person = User(
            phone=receiver.phone,
            phone_verified=True,
            name=receiver.name,
            is_demo=True,
            joined_at=clock.now(),
        )
        person.set_unusable_password()
        people.append(person)
    User.objects.bulk_create(people)
    Address.objects.bulk_create(
        Address(
            user=person,
            name=one.name,
            phone=one.phone,
            province=one.province,
            city=one.city,
            district=one.district,
            street=one.street,
            is_default=True,
        )
        for person, one in zip(people, receivers, strict=True)
    )
    return tuple(Buyer(person.pk, one) for person, one in zip(people, receivers, strict=True))


def stranger(rng: Random) -> Receiver:
    """The address of somebody who buys as a guest."""
    return _receiver(rng, f"+86139{rng.randrange(10_000_000, 99_999_999)}")


def _receiver(rng: Random, phone: str) -> Receiver:
    province, city, district, roads = rng.choice(_PLACES)
    house = f"{rng.randint(1, 399)} 号"
    room = f"{rng.randint(1, 18)} 幢 {rng.randint(1, 28)}{rng.randint(1, 4):02d} 室"
    return Receiver(
        name=rng.choice(_SURNAMES) + rng.choice(_GIVEN),
        phone=phone,
        province=province,
        city=city,
        district=district,
        street=f"{rng.choice(roads)} {house} {room}",
    )
