"""Real-time customer profiles: whom a record names (`identities`), the graphs that link them (`graph`), what is known
of one of them (`person`), and what events make of all (`profile`). Pure, over a store that is handed in (`store`,
`on_disk`).
"""
