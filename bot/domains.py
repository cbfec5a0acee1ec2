"""Mail domains at which anybody may have an address: such a domain names no company and proves nothing about a sender."""

from __future__ import annotations

PUBLIC_DOMAINS = frozenset(
    (
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "yahoo.com",
            "icloud.com",
            "me.com",
            "aol.com",
        ),
        *("ukr.net", "i.ua", "meta.ua", "bigmir.net", "email.ua", "ua.fm", "online.ua", "3g.ua", "freemail.ukr.net"),
        *("mail.ru", "bk.ru", "inbox.ru", "list.ru", "yandex.ru", "yandex.ua", "yandex.com", "ya.ru", "rambler.ru"),
        *("proton.me", "protonmail.com", "pm.me", "gmx.com", "gmx.net", "gmx.de", "web.de", "zoho.com", "tutanota.com", "tuta.com"),
        *(
            "com",
            "net",
            "org",
            "ua",
            "com.ua",
            "net.ua",
            "org.ua",
            "in.ua",
            "kiev.ua",
            "kyiv.ua",
            "lviv.ua",
            "dp.ua",
            "od.ua",
            "kh.ua",
            "co.uk",
        ),
    )
)


def is_public(domain: str) -> bool:
    """Whether people of different companies have addresses at it."""
    return domain.strip().lower().rstrip(".") in PUBLIC_DOMAINS
