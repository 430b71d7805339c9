"""One module a demo; `app.lab.registry` finds them. `ORDER` places a demo in the list."""
