"""Lanes, stages and outside parties: where every step of the business stands."""

from __future__ import annotations

from shangliu.platform.text import Text
from shangliu.process.drawing.graph import LaneSpec, PoolSpec, StageSpec, View


class Lanes:
    BUYER = LaneSpec("buyer", Text("用户", "Buyer"), View.BUYER)
    STOREFRONT = LaneSpec("storefront", Text("前端", "Storefront"), View.SYSTEM)
    INVENTORY = LaneSpec("inventory", Text("库存", "Inventory"), View.SYSTEM)
    ORDERS = LaneSpec("orders", Text("订单", "Orders"), View.SYSTEM)
    PAYMENTS = LaneSpec("payments", Text("支付", "Payments"), View.SYSTEM)
    LOGISTICS = LaneSpec("logistics", Text("物流", "Logistics"), View.SYSTEM)
    OPERATIONS = LaneSpec("operations", Text("运营", "Operations"), View.MANAGEMENT)
    WAREHOUSE = LaneSpec("warehouse", Text("仓储", "Warehouse"), View.MANAGEMENT)
    SERVICE = LaneSpec("service", Text("客服", "Customer service"), View.MANAGEMENT)
    FINANCE = LaneSpec("finance", Text("财务", "Finance"), View.MANAGEMENT)


LANES = (
    Lanes.BUYER,
    Lanes.STOREFRONT,
    Lanes.PAYMENTS,
    Lanes.ORDERS,
    Lanes.INVENTORY,
    Lanes.LOGISTICS,
    Lanes.OPERATIONS,
    Lanes.WAREHOUSE,
    Lanes.SERVICE,
    Lanes.FINANCE,
)


class Stages:
    BROWSE = StageSpec("browse", 1, Text("访问与浏览", "Visit and browse"))
    CART = StageSpec("cart", 2, Text("加入购物车", "Cart"))
    CHECKOUT = StageSpec("checkout", 3, Text("登录与结算", "Sign-in and checkout"))
    PAYMENT = StageSpec("payment", 4, Text("支付处理", "Payment"))
    PROCESSING = StageSpec("processing", 5, Text("订单处理", "Order processing"))
    DELIVERY = StageSpec("delivery", 6, Text("仓储与配送", "Warehouse and delivery"))
    RECEIPT = StageSpec("receipt", 7, Text("收货与确认", "Receipt"))
    AFTERSALES = StageSpec("aftersales", 8, Text("售后服务", "After-sales"))


STAGES = (
    Stages.BROWSE,
    Stages.CART,
    Stages.CHECKOUT,
    Stages.PAYMENT,
    Stages.PROCESSING,
    Stages.DELIVERY,
    Stages.RECEIPT,
    Stages.AFTERSALES,
)


class Pools:
    GATEWAY = PoolSpec("gateway", Text("支付网关", "Payment gateway"), top=True)
    CARRIER = PoolSpec("carrier", Text("承运商", "Carrier"), top=False)
    FINANCE = PoolSpec("finance_system", Text("财务系统", "Finance system"), top=False)


POOLS = (Pools.GATEWAY, Pools.CARRIER, Pools.FINANCE)
