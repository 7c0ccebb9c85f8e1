"""What a host has: processors, memory, GPUs, stub NPUs; and what its container engine hands over.

`model.py` says it in dataclasses, `host.py` and `gpus.py` read it, `nvml.py` is the boundary to
NVIDIA's library, `reader.py` asks all of them without ever keeping the event loop waiting.
"""
