from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    name = "shangliu.domain.fulfilment"
    label = "fulfilment"
