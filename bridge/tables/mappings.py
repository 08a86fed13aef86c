"""The mappings in all their versions, and what this database knows of itself."""

from sqlalchemy import Column, Index, Table

from bridge.tables.columns import Id, JsonText, Plain, Utc, metadata

facts = Table(
    "facts",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("value", Plain, nullable=False),
)
"""What this database knows of itself, such as the organisation that it first delivered to."""

mapping_versions = Table(
    "mapping_versions",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("version", Plain, primary_key=True),
    Column("texts", JsonText, nullable=False),  # [[file, text], …]: the mapping first, then its layouts
    Column("loaded_at", Utc, nullable=False),
    Column("loaded_by", Plain, nullable=False),
)
"""Every mapping that was ever loaded, the broken ones too; secrets stand in it by name only."""

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),  # the highest one tells whether anything has changed
    Column("name", Plain, nullable=False),
    Column("version", Plain),  # none: withdrawn, since its file was removed
    Column("cause", Plain, nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", Plain, nullable=False),
    Index("ix_publications_name", "name", "id"),
    sqlite_autoincrement=True,
)
"""Which version of each mapping is at work: the last line of its name. Append only."""

mapping_files = Table(
    "mapping_files",
    metadata,
    Column("file", Plain, primary_key=True),
    Column("name", Plain),  # none: it never said which source it is for
    Column("version", Plain, nullable=False),
    Column("problems", JsonText, nullable=False),  # the errors in it, one sentence each
    Column("read_at", Utc, nullable=False),
)
"""What the folder of mappings held when it was last read."""
