"""The addresses of the shop."""

from __future__ import annotations

from django.urls import path

from shangliu.web.storefront import (
    aftersales,
    browse,
    cart,
    cashier,
    checkout,
    files,
    orders,
    paying,
    signing,
)

urlpatterns = [
    path("", browse.home, name="home"),
    path("categories/", browse.categories, name="categories"),
    path("c/<slug:slug>/", browse.category, name="category"),
    path("search/", browse.search, name="search"),
    path("p/<slug:slug>/", browse.product, name="product"),
    path("about/", files.about, name="about"),
    path("robots.txt", files.robots, name="robots"),
    path("sitemap.xml", files.sitemap, name="sitemap"),
    path("media/<path:path>", files.media, name="media"),
    path("cart/", cart.page, name="cart"),
    path("cart/add/", cart.add, name="cart_add"),
    path("cart/update/", cart.update, name="cart_update"),
    path("me/badge/", cart.mine, name="mine"),
    path("checkout/", checkout.page, name="checkout"),
    path("checkout/amounts/", checkout.amounts, name="checkout_amounts"),
    path("pay/return/<slug:provider>/", paying.returned, name="pay_return"),
    path("pay/<slug:number>/", cashier.page, name="pay"),
    path("pay/<slug:number>/start/", cashier.start, name="pay_start"),
    path("pay/<slug:number>/at-door/<slug:provider_code>/", cashier.at_door, name="pay_at_door"),
    path(
        "pay/<slug:number>/payer/<slug:provider_code>/<slug:method>/<slug:nonce>/",
        cashier.recognised,
        name="pay_payer",
    ),
    path(
        "pay/<slug:number>/with/<slug:provider_code>/<slug:method>/",
        paying.pay_with,
        name="pay_with",
    ),
    path("pay/<slug:number>/report/", paying.report, name="pay_report"),
    path("pay/<slug:number>/watch/", paying.watch, name="pay_watch"),
    path("pay/<slug:number>/result/", paying.result, name="pay_result"),
    path("pay/<slug:number>/status/", paying.status, name="pay_status"),
    path("account/", orders.account, name="account"),
    path("account/addresses/<int:pk>/forget/", orders.forget_address, name="forget_address"),
    path("messages/", orders.messages_page, name="messages"),
    path("orders/", orders.index, name="orders"),
    path("orders/<slug:number>/", orders.detail, name="order"),
    path("orders/<slug:number>/cancel/", orders.cancel, name="order_cancel"),
    path("orders/<slug:number>/do/<slug:step>/", orders.take, name="order_take"),
    path("orders/<slug:number>/after-sale/", aftersales.begin, name="after_sale_apply"),
    path("orders/<slug:number>/after-sale/estimate/", aftersales.estimate, name="estimate"),
    path("after-sales/<slug:number>/", aftersales.detail, name="after_sale"),
    path("after-sales/<slug:number>/do/<slug:step>/", aftersales.take, name="after_sale_take"),
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("staff/sign-in/", signing.staff_sign_in, name="staff_sign_in"),
    path("dev/inbox/", signing.dev_inbox, name="dev_inbox"),
    path("language/", signing.language, name="language"),
]
