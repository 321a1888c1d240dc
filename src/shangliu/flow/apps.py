from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "shangliu.flow"
    label = "flow"

    def ready(self) -> None:
        # The definition names models, so it can be read only now.
        from shangliu.flow.definition import FLOW
        from shangliu.process.running import install

        install(FLOW)
