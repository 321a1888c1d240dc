"""Shangliu: an e-commerce system driven by one living definition of its business flow."""
