"""Telegram for clients and for the staff chat. Nothing here imports aiogram but `wire`, and that only when a token is set."""
