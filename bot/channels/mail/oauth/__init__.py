"""OAuth2 for mailboxes whose servers take no passwords: Microsoft 365 (device code, client credentials) and Gmail (code with PKCE)."""
