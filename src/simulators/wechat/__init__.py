"""WeChat Pay, API v3, as far as a shop meets it: orders, refunds, bills, sign-in, pay pages."""
