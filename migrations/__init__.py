"""Changes of the schema, numbered; `glc database upgrade` runs those a database lacks."""
