"""The pages, a module for each kind of visit. They ask the desk what to do and show what the store holds; no rule is decided here."""
