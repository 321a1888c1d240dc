"""What people call the checks that stand before a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shangliu.platform.text import Text

CONDITIONS: Mapping[str, Text] = {
    "quantity_is_sane": Text("数量合理", "The quantity is plausible"),
    "is_of_a_cart": Text("属于购物车", "It belongs to a cart"),
    "reason_is_given": Text("写明原因", "A reason is given"),
    "is_covered": Text("应收已收齐", "All that is due was collected"),
    "no_payment_is_open": Text("没有未完成的支付", "No payment is open"),
    "may_be_paid_on_delivery": Text("可以货到付款", "It may be paid on delivery"),
    "goods_are_still_there": Text("货还有", "The goods are still there"),
    "review_is_automatic": Text("开启了自动审核", "Review by rule is on"),
    "amount_is_ordinary": Text("金额不超过上限", "The amount is not above the limit"),
    "address_is_plausible": Text("地址完整", "The address is complete"),
    "buyer_left_no_remark": Text("买家没有留言", "The buyer left no remark"),
    "nothing_is_being_taken_out": Text("没有正在撤下的商品", "Nothing is being taken out"),
    "something_is_left_to_send": Text("还有商品要发", "Something is left to send"),
    "warehouse_has_not_finished": Text("仓库还没做完", "The warehouse has not finished"),
    "something_is_left_to_ship": Text("还有包裹没发出", "Something is left to ship"),
    "everything_is_handed_over": Text("全部已交接", "Everything is handed over"),
    "receipt_was_not_extended": Text("没有延长过收货", "Receipt was not put off before"),
    "no_after_sale_is_open": Text("没有进行中的售后", "No after-sale case is open"),
    "no_parcel_is_astray": Text("没有异常包裹", "No parcel is astray"),
    "everything_is_collected": Text("款项已收齐", "Everything is collected"),
    "everything_is_refunded": Text("已全额退款", "Everything is refunded"),
    "is_paid_beforehand": Text("先付款", "It is paid beforehand"),
    "is_transfer": Text("银行转账", "It is a bank transfer"),
    "names_the_transfer": Text("写明转账凭证", "The transfer is named"),
    "transfer_is_whole": Text("到账金额一致", "The transfer is the whole amount"),
    "can_be_asked": Text("可以向渠道查询", "The gateway can be asked"),
    "amount_is_right": Text("金额一致", "The amount is right"),
    "something_stays": Text("退后还有余额", "Something stays"),
    "nothing_stays": Text("已全部退完", "Nothing stays"),
    "everything_is_scanned": Text("每件都已扫码", "Every piece is scanned"),
    "another_warehouse_has_it": Text("别的仓库有货", "Another warehouse has it"),
    "weight_is_plausible": Text("重量在允许范围内", "The weight is plausible"),
    "waybill_is_there": Text("有运单号", "There is a waybill number"),
    "order_may_ship": Text("订单可以发货", "The order may ship"),
    "rule_allows": Text("规则允许", "The rule allows it"),
    "goods_are_still_here": Text("商品还没发出", "The goods have not left"),
    "money_is_there": Text("收到的钱够退", "The money to give back is there"),
    "less_is_said_and_why": Text("写明少退多少和原因", "It is said how much less and why"),
    "goods_are_not_shipped": Text("商品没有发出", "The goods are not shipped"),
    "refund_may_start": Text("可以开始退款", "The refund may start"),
    "goods_must_come_back": Text("需要退货", "The goods must come back"),
    "inspection_is_whole": Text("验货数量齐全", "The inspection is whole"),
    "goods_were_not_accepted": Text("验货不符", "The goods were not accepted"),
    "has_a_way_back": Text("能原路退回", "There is a way back for the money"),
    "has_proof": Text("有退款凭证", "There is proof of the refund"),
    "nothing_is_disputed": Text("没有争议", "Nothing is disputed"),
    "has_a_reason": Text("写明原因", "A reason is given"),
}


def condition(check: Callable[..., Any]) -> str:
    known = CONDITIONS.get(check.__name__)
    return str(known) if known else check.__name__
