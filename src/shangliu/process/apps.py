from django.apps import AppConfig


class ProcessConfig(AppConfig):
    name = "shangliu.process"
    label = "process"
