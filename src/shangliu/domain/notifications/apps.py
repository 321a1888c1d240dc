from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "shangliu.domain.notifications"
    label = "notifications"
