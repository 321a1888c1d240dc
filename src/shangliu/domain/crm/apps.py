from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "shangliu.domain.crm"
    label = "crm"
