"""Data collection: requests and answers of services, kept as files in the object store.

The gateway writes each exchange of a collecting service into the spool (`gateway/collecting.py`),
after it has removed what the caller proved itself with. The collector takes it from there, and
writes those that the service's rules want into the object store, below the service's byte budget.
"""
