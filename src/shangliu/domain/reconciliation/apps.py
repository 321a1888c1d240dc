from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "shangliu.domain.reconciliation"
    label = "reconciliation"
    verbose_name = "对账"
