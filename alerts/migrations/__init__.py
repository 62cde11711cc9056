"""SQL migrations, applied in the order of their numbers by ``alerts.migrate``.

``NNNN_name.sql`` is applied to every database; of ``NNNN_name.timescale.sql`` and ``NNNN_name.native.sql``
the one that fits the database is applied.  A migration that has been released is never edited.
"""
