from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "shangliu.domain.payments"
    label = "payments"
