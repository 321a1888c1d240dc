from django.apps import AppConfig


class LifeConfig(AppConfig):
    name = "shangliu.domain.life"
    label = "life"
