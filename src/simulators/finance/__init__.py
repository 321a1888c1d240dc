"""A finance department's system: takes the shop's signed webhooks and shows what it took."""
