"""Batch services: what they read, what they send to the model, what they write.

`manifest.py` and `inputs.py` say which items a job has, `csv_rows.py`, `mapping.py` and
`requests.py` what each becomes, `results.py` and `naming.py` what is written about it. Nothing here
sends, waits, or keeps the state of a job.
"""
