"""A chat taken in from a file: the export that Telegram Desktop writes (`deskbot ingest chat result.json`)."""
