"""The whole registry as YAML: written by `export`, read by `import_`, both from one table of what is where (`nodes`).

An import adds what is missing. A fact that differs from the one on record is refused with both values, unless nobody
signed or decided on it yet; nothing is ever deleted.
"""
