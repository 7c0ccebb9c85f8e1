"""An S3-compatible endpoint over the object store, in S3's dialect and in OBS's.

`address` says which requests are meant for it, `app` answers them. Source: Amazon S3 API reference;
OBS API reference where the dialects differ (signature, header prefix, location).
"""
