"""The registry: the rules about people, visits, doses, stock and certificates, and their store.

Each room holds its rules (pure, over frozen values), its tables and its store (SQL without rules). Use cases, rights
and transactions are `vaxcert.service.registry`'s.
"""
