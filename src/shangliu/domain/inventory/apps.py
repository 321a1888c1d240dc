from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "shangliu.domain.inventory"
    label = "inventory"
