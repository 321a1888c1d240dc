"""Alipay's open platform, as far as a shop meets it: gateway, cashier, notifications."""
