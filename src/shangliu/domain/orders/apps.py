from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "shangliu.domain.orders"
    label = "orders"
