"""The packaged demonstration: sample webhooks of each CRM, signed afresh, followed to the sandbox and compared."""
