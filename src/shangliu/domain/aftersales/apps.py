from django.apps import AppConfig


class AftersalesConfig(AppConfig):
    name = "shangliu.domain.aftersales"
    label = "aftersales"
