"""The mail channel: IMAP in, SMTP out, and everything a mail can be between the two."""
