"""The data plane: Envoy configuration worked out from state, and the supervised Envoy process.

`state` holds the argument types and `render` is the pure way from them to configuration files;
`supervise.Gateway` owns the process, `admin.AdminClient` reads it. Only the last two do I/O.
"""
