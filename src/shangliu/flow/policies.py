"""What staff may tune, with the values that the shop starts with."""

from __future__ import annotations

from shangliu.platform.text import Text
from shangliu.process.policies import Policy, Unit


class Policies:
    RESERVE_AT_CART = Policy(
        key="cart.reserve",
        label=Text("加入购物车时预占库存", "Hold stock at the cart"),
        unit=Unit.SWITCH,
        default=1,
        most=1,
    )
    HOLD = Policy(
        key="cart.hold_minutes",
        label=Text("购物车预占时长", "Cart hold"),
        unit=Unit.MINUTES,
        default=15,
        least=1,
        most=1440,
    )
    HOLD_LONGEST = Policy(
        key="cart.hold_longest_minutes",
        label=Text("购物车预占最长时长（含续占）", "Longest cart hold, renewals included"),
        unit=Unit.MINUTES,
        default=60,
        least=1,
        most=10_080,
    )
    HOT_CLAIMS = Policy(
        key="stock.hot_claims",
        label=Text("每秒预占超过几次算热门商品", "Hot goods: more claims a second than"),
        unit=Unit.COUNT,
        default=20,
        most=100_000,
    )
    ABANDONED = Policy(
        key="cart.abandoned_hours",
        label=Text("视为放弃的购物车", "Cart counts as abandoned"),
        unit=Unit.HOURS,
        default=24,
        least=1,
        most=720,
    )
    GUESTS = Policy(
        key="checkout.guests",
        label=Text("允许访客下单", "Guests may order"),
        unit=Unit.SWITCH,
        default=1,
        most=1,
    )
    FREE_FREIGHT = Policy(
        key="checkout.free_freight_fen",
        label=Text("包邮门槛", "Free delivery from"),
        unit=Unit.FEN,
        default=9900,
        protects_buyer=True,
    )
    FREIGHT = Policy(
        key="checkout.freight_fen",
        label=Text("标准配送运费", "Standard delivery"),
        unit=Unit.FEN,
        default=1000,
        protects_buyer=True,
    )
    EXPRESS = Policy(
        key="checkout.express_fen",
        label=Text("特快配送运费", "Express delivery"),
        unit=Unit.FEN,
        default=2200,
        protects_buyer=True,
    )
    PAY_WITHIN = Policy(
        key="payment.minutes",
        label=Text("付款时限", "Time to pay"),
        unit=Unit.MINUTES,
        default=30,
        least=5,
        most=1440,
        protects_buyer=True,
    )
    TRANSFER_WITHIN = Policy(
        key="payment.transfer_days",
        label=Text("银行转账付款时限", "Time to pay by bank transfer"),
        unit=Unit.DAYS,
        default=3,
        least=1,
        most=15,
        protects_buyer=True,
    )
    ON_DELIVERY = Policy(
        key="payment.on_delivery",
        label=Text("允许货到付款", "Cash on delivery"),
        unit=Unit.SWITCH,
        default=1,
        most=1,
    )
    ON_DELIVERY_LIMIT = Policy(
        key="payment.on_delivery_fen",
        label=Text("货到付款金额上限", "Cash on delivery up to"),
        unit=Unit.FEN,
        default=200_000,
    )
    POINTS = Policy(
        key="wallet.points_percent",
        label=Text("购物返积分比例", "Points for a purchase"),
        unit=Unit.PERCENT,
        default=1,
        most=20,
    )
    AUTO_REVIEW = Policy(
        key="review.automatic",
        label=Text("按规则自动审核", "Review by rule"),
        unit=Unit.SWITCH,
        default=1,
        most=1,
    )
    REVIEW_LIMIT = Policy(
        key="review.limit_fen",
        label=Text("自动审核金额上限", "Automatic review up to"),
        unit=Unit.FEN,
        default=500_000,
    )
    REVIEW_WITHIN = Policy(
        key="review.hours",
        label=Text("人工审核时限", "Review within"),
        unit=Unit.HOURS,
        default=4,
        least=1,
    )
    PICK_WITHIN = Policy(
        key="warehouse.pick_hours",
        label=Text("拣货时限", "Pick within"),
        unit=Unit.HOURS,
        default=12,
        least=1,
    )
    SHIP_WITHIN = Policy(
        key="warehouse.ship_hours",
        label=Text("发货时限", "Ship within"),
        unit=Unit.HOURS,
        default=48,
        least=1,
        protects_buyer=True,
    )
    WEIGHT_TOLERANCE = Policy(
        key="warehouse.weight_percent",
        label=Text("称重允许偏差", "Weight tolerance"),
        unit=Unit.PERCENT,
        default=10,
        least=1,
        most=100,
    )
    DELIVER_WITHIN = Policy(
        key="delivery.days",
        label=Text("送达时限", "Deliver within"),
        unit=Unit.DAYS,
        default=5,
        least=1,
    )
    RECEIPT_AFTER_SHIPMENT = Policy(
        key="receipt.days_after_shipment",
        label=Text("发货后自动确认收货", "Automatic receipt after shipment"),
        unit=Unit.DAYS,
        default=10,
        least=1,
        protects_buyer=True,
    )
    RECEIPT_AFTER_DELIVERY = Policy(
        key="receipt.days_after_delivery",
        label=Text("签收后自动确认收货", "Automatic receipt after delivery"),
        unit=Unit.DAYS,
        default=7,
        least=1,
        protects_buyer=True,
    )
    RECEIPT_EXTENSION = Policy(
        key="receipt.extension_days",
        label=Text("延长收货天数", "Receipt extension"),
        unit=Unit.DAYS,
        default=5,
        least=1,
        protects_buyer=True,
    )
    SETTLE_AFTER = Policy(
        key="settlement.days",
        label=Text("完成后结算等待期", "Settlement hold after completion"),
        unit=Unit.DAYS,
        default=7,
        least=1,
    )
    RECONCILE_WITHIN = Policy(
        key="reconciliation.hours",
        label=Text("对账差异处理时限", "Settle differences within"),
        unit=Unit.HOURS,
        default=48,
        least=1,
    )
    PAY_OUT_WITHIN = Policy(
        key="settlement.pay_out_days",
        label=Text("应结算后打款时限", "Pay out within"),
        unit=Unit.DAYS,
        default=3,
        least=1,
    )
    RETURN_WINDOW = Policy(
        key="aftersales.return_days",
        label=Text("无理由退货期", "No-reason return window"),
        unit=Unit.DAYS,
        default=7,
        least=7,
        most=365,
        protects_buyer=True,
    )
    AUTO_REFUND = Policy(
        key="aftersales.auto_refund",
        label=Text("未发货退款自动同意", "Approve refunds before shipment"),
        unit=Unit.SWITCH,
        default=1,
        most=1,
    )
    AFTERSALE_WITHIN = Policy(
        key="aftersales.review_hours",
        label=Text("售后审核时限，逾期自动同意", "After-sale review, then approved by itself"),
        unit=Unit.HOURS,
        default=48,
        least=1,
        most=360,
    )
    SEND_BACK_WITHIN = Policy(
        key="aftersales.send_back_days",
        label=Text("买家寄回时限", "Buyer sends back within"),
        unit=Unit.DAYS,
        default=7,
        least=1,
    )
    REFUND_WITHIN = Policy(
        key="aftersales.refund_days",
        label=Text("收到退货后退款时限", "Refund after goods came back"),
        unit=Unit.DAYS,
        default=7,
        least=1,
        most=7,
    )


POLICIES: tuple[Policy, ...] = tuple(
    value for value in vars(Policies).values() if isinstance(value, Policy)
)
