"""The Site: form, web chat, the client's list, the staff's pages (R3, R4). One application, closed from the first day.

Importing this package imports no web framework; `channel` and `access` stay light, `app` and `pages` need FastAPI.
"""
