"""A realistic map: the whole way of a purchase, some hundred nodes in eleven lanes."""

from __future__ import annotations

from shangliu.platform.text import Text
from shangliu.process.drawing.graph import (
    Edge,
    Graph,
    LaneSpec,
    MessageFlow,
    Node,
    PoolSpec,
    Shape,
    StageSpec,
    View,
)

LANES = (
    LaneSpec("buyer", Text("用户", "Buyer"), View.BUYER),
    LaneSpec("storefront", Text("前端", "Storefront"), View.SYSTEM),
    LaneSpec("payments", Text("支付", "Payments"), View.SYSTEM),
    LaneSpec("orders", Text("订单", "Orders"), View.SYSTEM),
    LaneSpec("inventory", Text("库存", "Inventory"), View.SYSTEM),
    LaneSpec("logistics", Text("物流", "Logistics"), View.SYSTEM),
    LaneSpec("crm", Text("会员", "CRM"), View.MANAGEMENT),
    LaneSpec("operations", Text("运营", "Operations"), View.MANAGEMENT),
    LaneSpec("warehouse", Text("仓储", "Warehouse"), View.MANAGEMENT),
    LaneSpec("service", Text("客服", "Customer service"), View.MANAGEMENT),
    LaneSpec("finance", Text("财务", "Finance"), View.MANAGEMENT),
)
STAGES = (
    StageSpec("browse", 1, Text("访问与浏览", "Visit and browse")),
    StageSpec("cart", 2, Text("加入购物车", "Cart")),
    StageSpec("checkout", 3, Text("登录与结算", "Sign-in and checkout")),
    StageSpec("payment", 4, Text("支付处理", "Payment")),
    StageSpec("processing", 5, Text("订单处理", "Order processing")),
    StageSpec("delivery", 6, Text("仓储与配送", "Warehouse and delivery")),
    StageSpec("receipt", 7, Text("收货与确认", "Receipt")),
    StageSpec("aftersales", 8, Text("售后服务", "After-sales")),
)
POOLS = (
    PoolSpec("gateway", Text("支付网关", "Payment gateway"), top=True),
    PoolSpec("carrier", Text("承运商", "Carrier"), top=False),
    PoolSpec("books", Text("财务系统", "Finance system"), top=False),
)
SHAPES = {
    "(": Shape.START,
    ")": Shape.END,
    "u": Shape.USER_TASK,
    "m": Shape.MANUAL_TASK,
    "s": Shape.SERVICE_TASK,
    "r": Shape.RULE_TASK,
    "n": Shape.SEND_TASK,
    "e": Shape.MESSAGE_CATCH,
    "t": Shape.TIMER_CATCH,
    "x": Shape.EXCLUSIVE,
    "v": Shape.EVENT_BASED,
    "+": Shape.PARALLEL,
}
# key | shape | lane | label | English label; "*" marks the happy path
NODES = """
browse
visit|(*|buyer|访问|Visit
open_home|u*|buyer|浏览与搜索|Browse and search
show_results|s*|storefront|展示结果与推荐|Show results and suggestions
open_product|u*|buyer|查看商品详情|Open a product
track_visit|s|crm|记录来源与行为|Record source and behaviour
interested|x*|buyer|有购买意向？|Interested?
left|)|buyer|离开|Left
cart
add|u*|buyer|加入购物车|Add to cart
check_stock|s*|inventory|核对可售库存|Check what can be sold
in_stock|x*|inventory|库存充足？|In stock?
suggest|s|storefront|推荐相似商品|Suggest something similar
reserve|s*|inventory|预占库存|Reserve stock
price_cart|s*|storefront|计算价格与优惠|Price the cart
cart_waits|v*|storefront|继续结算？|Goes on to check out?
go_on|e*|buyer|去结算|Checks out
abandon_timer|t|orders|15 分钟未结算|15 minutes idle
release|s|inventory|释放预占|Release the reservation
remind|n|crm|提醒弃购用户|Remind the buyer
abandoned|)|crm|购物车放弃|Cart abandoned
checkout
signed_in|x*|buyer|已登录？|Signed in?
sign_in|u|buyer|登录或注册|Sign in or register
address|u*|buyer|选择地址与配送|Choose address and delivery
preview|s*|storefront|生成订单预览|Preview the order
promotions|r*|orders|匹配最优促销|Find the best promotions
recheck|s*|inventory|提交时复核库存|Check stock again
still_there|x*|inventory|仍可售？|Still there?
sold_out|s|storefront|提示缺货并返回|Say what is sold out
place|u*|buyer|提交订单|Place the order
create_order|s*|orders|生成预订单|Make the draft order
payment
send_payment|n*|payments|请求支付|Ask for payment
pay|u*|buyer|完成支付|Pay
wait_payment|v*|payments|按时付款？|Paid in time?
paid_notice|e*|payments|支付成功通知|Paid
failed_notice|e|payments|支付失败通知|Failed
pay_timer|t|payments|30 分钟超时|30 minutes over
query|s|payments|主动查询支付结果|Ask the gateway what happened
verify|r*|payments|验签并核对金额|Check signature and amount
genuine|x*|payments|通知可信？|Genuine?
alarm|s|operations|记录可疑通知并告警|Note the doubtful notice
alarmed|)|operations|已告警|Raised
try_again|x|buyer|再试一次？|Try again?
cancel_unpaid|s|orders|取消并释放库存|Cancel and free the stock
cancelled|)|orders|已取消|Cancelled
formal|s*|orders|生成正式订单|Make the order formal
processing
commit|s*|inventory|扣减库存|Take the stock
confirm_mail|n|crm|发送下单确认|Send the confirmation
tell_finance|n|finance|推送收款凭证|Push the receipt
review_rule|r*|orders|规则审核|Review by rule
review_needed|x*|orders|需要人工审核？|Review needed?
review|u|operations|人工审核|Review by a person
approved|x|operations|审核结果？|Approved?
hold|u|service|挂起并联系买家|Hold and call the buyer
solved|x|service|问题解决？|Solved?
refund_all|s|payments|全额退款|Refund in full
closed|)|orders|已关闭|Closed
allocate|r*|warehouse|分配仓库|Choose the warehouse
allocated|x*|warehouse|可整单发货？|One warehouse?
split|s|orders|拆分发货单|Split the order
task|s*|warehouse|创建发货任务|Make the shipping task
delivery
wave|u*|warehouse|编入波次|Put into a wave
pick|m*|warehouse|拣货|Pick
complete|x*|warehouse|拣齐？|All found?
short|u|warehouse|登记缺货|Report what is short
reallocate|r|operations|改派仓库或挂起|Another warehouse or hold
pack|m*|warehouse|打包|Pack
weigh|m*|warehouse|称重|Weigh
weight_ok|x*|warehouse|重量合理？|Weight plausible?
label|s*|logistics|获取运单与面单|Get number and label
hand_over|m*|warehouse|交接承运商|Hand to the carrier
shipped|s*|orders|标记已发货|Mark as shipped
notify_shipped|n|crm|发货通知|Tell the buyer
track|e*|logistics|接收物流轨迹|Hear the tracking
arrived|x*|logistics|送达？|Delivered?
problem|u|service|处理派送异常|Solve the delivery problem
returned|m|warehouse|退回入库|Take back into stock
receipt
show_track|s*|storefront|展示送达|Show the delivery
wait_receipt|v*|buyer|谁确认收货？|Who confirms?
confirm|e*|buyer|确认收货|Confirms
auto_timer|t|orders|7 天自动确认|7 days after delivery
complete_order|s*|orders|订单完成|Complete the order
settle|s*|finance|计入结算|Enter into the settlement
settle_timer|t*|finance|结算期满|Hold days over
pay_out|s*|finance|向商家结算|Pay the merchant
done|)*|finance|结算完成|Settled
invite|n|crm|邀请评价|Invite a review
reviewed|)|crm|已邀评|Invited
aftersales
apply|u|buyer|申请售后|Apply for after-sales
auto_refund|r|service|售后规则判断|Judge by rule
decision|x|service|自动通过？|By rule?
judge|u|service|客服审核|Judge by a person
granted|x|service|同意？|Granted?
refused|)|service|已拒绝|Refused
kind|x|service|售后类型？|What kind?
send_back|u|buyer|寄回商品|Send the goods back
receive|m|warehouse|收货质检|Receive and inspect
as_described|x|warehouse|与描述相符？|As described?
back_to_buyer|m|warehouse|退还买家|Send back to the buyer
restock|s|inventory|回库或报废|Restock or scrap
reship|s|orders|换货补发|Ship the replacement
refund|s|payments|原路退款|Refund
correct|s|finance|冲正结算|Correct the settlement
finished|)|finance|售后完成|Finished
"""
# source > target | label | English label; "!" marks what goes wrong
EDGES = """
visit>open_home
open_home>show_results
show_results>open_product
open_product>interested
open_product>track_visit
interested>add|是|yes
interested>open_home|再看看|looks on
interested>left|离开|leaves|!
track_visit>left
add>check_stock
check_stock>in_stock
in_stock>reserve|有货|enough
in_stock>suggest|缺货|none|!
suggest>open_product
reserve>price_cart
price_cart>cart_waits
cart_waits>go_on
cart_waits>abandon_timer||!
abandon_timer>release||!
release>remind||!
remind>abandoned
go_on>signed_in
signed_in>address|是|yes
signed_in>sign_in|否|no
sign_in>address
address>preview
preview>promotions
promotions>recheck
recheck>still_there
still_there>place|可售|yes
still_there>sold_out|缺货|sold out|!
sold_out>price_cart
place>create_order
create_order>send_payment
send_payment>pay
pay>wait_payment
wait_payment>paid_notice
wait_payment>failed_notice||!
wait_payment>pay_timer||!
pay_timer>query||!
query>cancel_unpaid||!
failed_notice>try_again||!
try_again>send_payment|再付|yes
try_again>cancel_unpaid|放弃|no|!
paid_notice>verify
verify>genuine
genuine>formal|可信|yes
genuine>alarm|可疑|no|!
alarm>alarmed
cancel_unpaid>cancelled
formal>commit
formal>confirm_mail
formal>tell_finance
commit>review_rule
review_rule>review_needed
review_needed>allocate|自动通过|by rule
review_needed>review|人工|by a person
review>approved
approved>allocate|通过|approved
approved>hold|存疑|doubtful|!
hold>solved
solved>review_rule|已解决|solved
solved>refund_all|放弃|given up|!
refund_all>closed
allocate>allocated
allocated>task|整单|one
allocated>split|拆单|split
split>task
task>wave
wave>pick
pick>complete
complete>pack|拣齐|complete
complete>short|缺货|short|!
short>reallocate||!
reallocate>wave|改派|another
reallocate>hold|挂起|hold|!
pack>weigh
weigh>weight_ok
weight_ok>label|正常|within
weight_ok>pack|异常|off|!
label>hand_over
hand_over>shipped
shipped>notify_shipped
shipped>track
track>arrived
arrived>show_track|已送达|delivered
arrived>problem|异常|problem|!
arrived>returned|拒收|rejected|!
problem>track
returned>refund_all||!
show_track>wait_receipt
wait_receipt>confirm
wait_receipt>auto_timer
confirm>complete_order
auto_timer>complete_order
complete_order>settle
complete_order>invite
invite>reviewed
settle>settle_timer
settle_timer>pay_out
pay_out>done
complete_order>apply
apply>auto_refund
auto_refund>decision
decision>kind|自动|by rule
decision>judge|人工|by a person
judge>granted
granted>kind|同意|granted
granted>refused|拒绝|refused|!
kind>refund|仅退款|refund only
kind>send_back|退换货|goods come back
send_back>receive
receive>as_described
as_described>restock|相符|yes
as_described>back_to_buyer|不符|no|!
back_to_buyer>refused
restock>refund|退货|return
restock>reship|换货|exchange
reship>finished
refund>correct
correct>finished
"""
MESSAGES = """
send_payment>gateway|下单请求|request
paid_notice<gateway|异步通知|notice
failed_notice<gateway|异步通知|notice
query>gateway|查询|query
refund_all>gateway|退款|refund
tell_finance>books|收款凭证|receipt
label>carrier|下单取号|book
track<carrier|轨迹推送|tracking
pay_out>books|结算凭证|statement
refund>gateway|退款|refund
correct>books|冲正|reversal
"""


def whole_map() -> Graph:
    nodes = _nodes()
    main = {node.key for node in nodes if node.main}
    return Graph(
        name=Text("商流全景", "The whole flow"),
        version="7",
        lanes=LANES,
        stages=STAGES,
        pools=POOLS,
        nodes=nodes,
        edges=tuple(_edge(line, main) for line in EDGES.split("\n") if line),
        messages=tuple(_message(line) for line in MESSAGES.split("\n") if line),
    )


def _nodes() -> tuple[Node, ...]:
    stage = ""
    nodes = []
    for line in NODES.split("\n"):
        if "|" not in line:
            stage = line or stage
            continue
        key, shape, lane, zh, en = line.split("|")
        waits = (("order", key),) if shape[0] in "umve" or key in _PARKED else ()
        nodes.append(Node(key, Text(zh, en), SHAPES[shape[0]], lane, stage, waits, "*" in shape))
    return tuple(nodes)


_PARKED = {"review_needed", "solved", "arrived", "granted"}


def _edge(line: str, main: set[str]) -> Edge:
    ends, _, rest = line.partition("|")
    source, target = ends.split(">")
    zh, en, flag = [*rest.split("|"), "", "", ""][:3]
    straight = source in main and target in main and (source, target) not in _LOOPS
    return Edge(source, target, Text(zh, en) if zh else None, straight, flag == "!")


_LOOPS = {("interested", "open_home"), ("weight_ok", "pack")}


def _message(line: str) -> MessageFlow:
    ends, zh, en = line.split("|")
    outgoing = ">" in ends
    node, pool = ends.split(">" if outgoing else "<")
    return MessageFlow(node, pool, Text(zh, en), outgoing)
