"""What a person writes to say what phones do: the scenario language.

Types, strict decoding with every problem at once, semantics (unreachable states, empty carts), and the names of
actions as data. Pure: text in, `Scenario` or `BadInput` out.
"""
