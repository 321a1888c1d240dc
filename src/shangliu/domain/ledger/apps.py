from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "shangliu.domain.ledger"
    label = "ledger"
    verbose_name = "总账"
