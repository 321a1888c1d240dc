"""Kuaidi100: waybills, tracking by query and by subscription, recognition of numbers."""
