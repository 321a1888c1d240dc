"""Who acts. A person may have several roles; a step is taken in one of them."""

from __future__ import annotations

from enum import StrEnum

from shangliu.platform.text import Text


class Role(StrEnum):
    BUYER = "buyer"
    OPERATIONS = "operations"
    WAREHOUSE = "warehouse"
    SERVICE = "service"
    FINANCE = "finance"
    ADMIN = "admin"
    SYSTEM = "system"

    @property
    def label(self) -> Text:
        return _LABELS[self]


STAFF = frozenset({Role.OPERATIONS, Role.WAREHOUSE, Role.SERVICE, Role.FINANCE, Role.ADMIN})

_LABELS = {
    Role.BUYER: Text("买家", "Buyer"),
    Role.OPERATIONS: Text("运营", "Operations"),
    Role.WAREHOUSE: Text("仓储", "Warehouse"),
    Role.SERVICE: Text("客服", "Customer service"),
    Role.FINANCE: Text("财务", "Finance"),
    Role.ADMIN: Text("管理员", "Administrator"),
    Role.SYSTEM: Text("系统", "System"),
}
