"""A stand-in for Stripe: Checkout sessions, refunds, balance, webhooks."""
