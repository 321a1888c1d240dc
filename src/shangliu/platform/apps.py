from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "shangliu.platform"
    label = "platform"
