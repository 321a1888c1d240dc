from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "shangliu.insight"
    label = "insight"
