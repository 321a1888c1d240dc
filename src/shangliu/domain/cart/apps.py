from django.apps import AppConfig


class CartConfig(AppConfig):
    name = "shangliu.domain.cart"
    label = "cart"
