"""Contracts of a medical organisation with employers: prices, and what is billed by them."""
