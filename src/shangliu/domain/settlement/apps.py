from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "shangliu.domain.settlement"
    label = "settlement"
