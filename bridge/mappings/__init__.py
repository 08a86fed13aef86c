"""How an event becomes deliveries, as the YAML says. Pure, but for catalogue.py, which reads the files."""
