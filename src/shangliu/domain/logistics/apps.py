from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "shangliu.domain.logistics"
    label = "logistics"
