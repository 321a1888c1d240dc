from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "shangliu.web"
    label = "web"
