"""The outbox's tables: the queue of deliveries, the ledger of cookies, what is remembered of records."""
