"""The words by which mail programs mark what is not new: one table per kind, Ukrainian, Russian and English first.

Forms were collected from the mails that such programs write; the other languages are there because their programs are used here too.
"""

from __future__ import annotations

import re

# Our own mails carry this line on top; whatever stands below it in an answer is ours. Change it only together with `render`.
REPLY_MARKER = "-- Відповідайте вище цієї лінії / Reply above this line --"
MARKER = re.compile(r"відповідайте вище цієї лінії|reply above this line", re.I)

_MONTHS = (
    r"січ\w*|лют\w*|берез\w*|квіт\w*|трав\w*|черв\w*|лип\w*|серп\w*|верес\w*|жовт\w*|лист\w*|груд\w*"
    r"|янв\w*|февр?\w*|мар(?:т\w*|\.)|апр\w*|ма[йя]\.?|июн\w*|июл\w*|авг\w*|сент?\w*|окт\w*|нояб?\w*|дек\w*"
    r"|jan\w*|feb\w*|mar(?:ch)?\.?|apr\w*|may|june?|july?|aug\w*|sept?\w*|oct\w*|nov\w*|dec\w*"
    r"|janv\w*|févr?\w*|mars|avr\w*|mai|juin|juil\w*|août|déc\w*|märz|okt\w*|dez\w*|ene\w*|abr\w*|dic\w*|gen\w*|mag\w*|giu\w*"
    r"|lug\w*|ott\w*"
    r"|fev\w*|maio|julho|junho|set\w*|out\w*|mrt|mei|maart|kwi\w*|maj\w*|cze\w*|sie\w*|wrz\w*|paź\w*|lis\w*|gru\w*|sty\w*"
    r"|loka\w*|marras\w*"
)
# A day with its month or year: the time alone is no sign, clients write it too ("о 10:15 програма зависла").
FULL_DATE = re.compile(
    rf"\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}|\b\d{{1,2}}\.?\s+(?:de\s+)?(?:{_MONTHS})|\b(?=\w{{3,12}}\.?\s+\d)(?:{_MONTHS})\s+\d{{1,2}}\b"
    r"|\b\d{1,2}\s*[.]\s*(?:" + _MONTHS + r")",
    re.I,
)
_DAYS = (
    r"пн|вт|ср|чт|пт|сб|нд|вс|понеділ\w*|вівтор\w*|серед\w*|четвер\w*|п['’ʼ]?ятни\w*|субот\w*|неділ\w*"
    r"|понедельник\w*|вторник\w*|сред\w*|четверг\w*|пятниц\w*|суббот\w*|воскресень\w*"
    r"|mon\w*|tue\w*|wed\w*|thu\w*|fri\w*|sat\w*|sun\w*"
)
# How such a line begins. Anything may stand before the verb in Roundcube, but then a quoted line must follow.
OPENING = re.compile(
    rf"^(?:on|at|в|у|le|am|el|em|il|op|den|på|dnia|w\s+dniu|dne|pe|ma|ti|ke|to|la|su)\s|^(?:{_DAYS})\b|^\d{{1,4}}[./-]\d{{1,2}}|^\d{{1,2}}:\d\d\b"
    rf"|^\d{{1,2}}\.?\s+(?:{_MONTHS})"
    rf"|^(?:{_MONTHS})\s+\d|^(?:вы|ви|you)\s+(?:писали|wrote)",
    re.I,
)
VERB = re.compile(
    r"(?:^|[\s>*\"»)])(?:пише|писав|писала|писав\(-?ла\)|написав|написала|написав\(-?ла\)|писали"
    r"|пишет|писал|писал\(а\)|написал|написала|написал\(а\)|сообщает"
    r"|wrote|writes|said|schrieb|geschrieben|a\s+écrit|écrit|escribió|escreveu|ha\s+scritto|scritto|schreef|geschreven|skrev"
    r"|napisał|napisał\(a\)"
    r"|napsal|napsal\(a\)|kirjoitti|írta|yazdı|a\s+scris)\b\)?",
    re.I,
)
# A person spoke, at a time that the line does not tell; programs that "say" something are spoken of in the present.
PAST_VERB = re.compile(r"\b(?:писав|писала|написав|написала|писал|написал|написала|wrote|said)(?:\(-?л?а\))?\s*:$", re.I)
# A line that is nothing but a person with an address who spoke.
WHOLE_ATTRIBUTION = re.compile(
    r"^[^<>:]{1,80}<[^\s<>@]{1,120}@[^\s<>@]{1,200}>\s*(?:пише|писав|писала|написав|написала|пишет|писал|написал|написала|wrote|writes)"
    r"(?:\(-?л?а\))?\s*:$",
    re.I,
)
ADDRESS = re.compile(r"[^\s<>@\"(\[]{1,120}@[^\s<>@\")\]]{1,200}\.[^\s<>@\")\]]{1,60}")

_REPLY_PHRASES = (
    r"original\s+message|original\s+mail|reply\s+message|исходное\s+сообщение|оригинальное\s+сообщение|исходное\s+письмо"
    r"|вихідне\s+повідомлення|оригінальне\s+повідомлення|початкове\s+повідомлення|оригінал\s+(?:листа|повідомлення)"
    r"|оригинал\s+(?:письма|сообщения)"
    r"|ursprüngliche\s+nachricht|originalnachricht|message\s+d['’]origine|message\s+original|mensaje\s+original|mensagem\s+original"
    r"|messaggio\s+originale|oorspronkelijk\s+bericht|ursprungligt\s+meddelande|wiadomość\s+oryginalna|oprindelig\s+meddelelse"
    r"|opprinnelig\s+melding"
)
_FORWARD_PHRASES = (
    r"forwarded\s+message|forwarded\s+by|пересылаемое\s+(?:сообщение|письмо)|пересланное\s+(?:сообщение|письмо)"
    r"|перенаправленное\s+(?:сообщение|письмо)"
    r"|переадресованное\s+сообщение|переслане\s+повідомлення|переслане\s+від|перенаправлене\s+повідомлення|переадресоване\s+повідомлення"
    r"|лист,\s+що\s+пересилається|пересланий\s+лист|weitergeleitete\s+nachricht|message\s+transféré|mensaje\s+reenviado"
    r"|messaggio\s+inoltrato"
    r"|mensagem\s+encaminhada|doorgestuurd\s+bericht|vidarebefordrat\s+meddelande|wiadomość\s+przekazana"
)
REPLY_SEPARATOR = re.compile(rf"^[\s*]*[-–—_=]{{2,}}\s*(?:{_REPLY_PHRASES})\s*[-–—_=]{{2,}}", re.I)
FORWARD_SEPARATOR = re.compile(
    rf"^[\s*]*[-–—_=]{{2,}}\s*(?:{_FORWARD_PHRASES})\s*[-–—_=]{{2,}}"
    r"|^\s*(?:(?:begin\s+)?forwarded\s+message|початок\s+(?:переадресованого|пересланого)\s+(?:повідомлення|листа)"
    r"|початок\s+листа,\s+що\s+пересилається"
    r"|начало\s+(?:переадресованного|пересылаемого)\s+(?:сообщения|письма))\s*:?\s*$",
    re.I,
)
# Drawn by hand above a signature.
LINE = re.compile(r"^\s*[-–—_=*~]{3,}\s*$")
PHONE = re.compile(r"\+?\d[\d\s().-]{5,18}\d")
RULE = re.compile(r"^[\s>]*(?:[-–—]{5,}|_{5,}|={5,}|\*{5,}|ᐧ)\s*$")

_KEYS = {
    "from": "from|sender|від|від кого|відправник|от|от кого|отправитель|von|de|da|van|od|från|fra|lähettäjä|mittente|expediteur|expéditeur",
    "date": "date|sent|дата|надіслано|відправлено|отправлено|послано|gesendet|datum|envoyé|envoyé le|enviado|enviado el"
    "|enviado em|enviada em|fecha|data|inviato|verzonden|skickat|sendt|dato|wysłano|lähetetty|päivämäärä|odesláno",
    "to": "to|кому|до|an|à|para|a|aan|do|till|til|vastaanottaja|komu|destinataire|destinatario",
    "subject": "subject|тема|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|aihe|předmět",
    "other": "cc|bcc|копія|копия|прихована копія|скрытая копия|reply-to|відповісти|kopie|importance|важливість|важность"
    "|risposta|organization",
}
KEY_OF = {key: kind for kind, keys in _KEYS.items() for key in keys.split("|")}
HEADER_LINE = re.compile(r"^[\s*_]*([A-Za-zÀ-žЀ-ӿ][A-Za-zÀ-žЀ-ӿ' -]{0,20}?)[\s*_]*:[*_]*(?:\s+|$|(?=\S))(.*)$")

# Yahoo and Samsung write the whole block on the separator's own line.
INLINE_KEY = re.compile(r"(From|Від|От|To|Кому|Cc|Копія|Копия|Sent|Date|Надіслано|Відправлено|Отправлено|Дата|Subject|Тема)\s*:\s*(?=\S)")
FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|fw|wg|tr|пересл\w*|перенаправл\w*|пер|прс)\s*(?:\[\d+\])?\s*:", re.I)
DELIMITER = re.compile(r"^\s*(?:--|—|–|__)\s*$")
CLOSING = re.compile(
    r"^[\s*]*(?:з\s+(?:найкращими\s+)?(?:повагою|пошаною|побажаннями)|з\s+найкращими\s+побажаннями|щиро\s+ваш\w*|всього\s+найкращого"
    r"|с\s+(?:наилучшими\s+)?(?:уважением|пожеланиями)|с\s+наилучшими\s+пожеланиями|всего\s+(?:доброго|наилучшего)|искренне\s+ваш\w*"
    r"|(?:with\s+)?(?:best|kind|warm)(?:est)?\s+(?:regards|wishes)|(?:best\s+)?regards|sincerely(?:\s+yours)?"
    r"|yours\s+(?:sincerely|truly|faithfully)|all\s+the\s+best|cheers|respectfully(?:\s+yours)?"
    r"|mit\s+freundlichen\s+grüßen|cordialement)\b[\s*]*(?P<rest>.*)$",
    re.I,
)
_DEVICE = (
    r"iphone\S*|ipad\S*|ios|android\S*|samsung\S*|galaxy\S*|xiaomi\S*|redmi\S*|huawei\S*|honor\S*|blackberry\S*|outlook\S*"
    r"|gmail\S*|mail\.ru\S*|yandex\S*"
    r"|яндекс\S*|яндекс\.почт\S*|k-9\S*|mail|почт[аыиоу]\S*|пошт\S*|ukr\.net\S*|i\.ua\S*|windows\S*|смартфон\S*|телефон\S*"
    r"|планшет\S*|пристро\S*|устройств\S*"
    r"|phone\S*|device\S*|smartphone\S*|tablet\S*|mobile\S*|handheld\S*|thunderbird\S*|aquamail\S*|spark\S*|handy"
    r"|ipod\S*|airmail\S*|mailbox\S*|mailspring\S*|yahoo\S*|proton\S*|zoho\S*|nokia\S*|htc\S*|sony\S*|lg\S*|oneplus\S*|motorola\S*"
    r"|alcatel\S*|oppo\S*|realme\S*|pixel\S*|meizu\S*|pc|mac|cell\S*|desktop\S*"
)
# Of any program that puts a link to itself there.
SENT_FROM = re.compile(r"^[\s*_<\[(]*(?:sent|надіслано|відправлено|отправлено)\s+(?:from|with|via|з|із|за|с|со|из)\s.{1,40}$", re.I)
MOBILE = re.compile(
    rf"^[\s*_<\[(]*(?:(?:це|цей|это|this)\s+(?:повідомлення|лист|сообщение|письмо|message|e?-?mail)\s+(?:було\s+|было\s+|was\s+)?)?"
    rf"(?:надіслано|відправлено|отправлено|послано|sent|get|отримати|завантажити|получить|скачать|envoyé|gesendet"
    rf"|von meinem|sendt|skickat|lähetetty|verzonden|enviado|inviato|wysłano)\s[^,;?!]{{0,60}}?(?:{_DEVICE})"
    r"[^,;?!]{0,70}(?:[,.;]\s*(?:please\s+excuse|вибачте|перепрошую|извините)\b.{0,60})?$"
    r"|^[\s*_<\[(]*sent\s+from\s+my(?:\s+[\w'’-]{1,20}){1,4}[\s*_>\])]*$"
    r"|^(?:從我的|从我的)\s.{1,60}(?:傳送|发送)$|^diese\s+nachricht\s+wurde\s+von\s.{1,80}\sgesendet\.?$"
    r"|^[\s*_<\[(]*(?:\S+\s+)?(?:from|via|з|с)\s+(?:my\s+|мого\s+|моего\s+)?(?:mobile|iphone|ipad|android|phone|телефона?|телефону|смартфона?)\b.{0,30}$",
    re.I,
)
POSTSCRIPT = re.compile(r"^\s*(?:p\.?\s?p?\.?\s?s\b|п\.?\s?с\b|з\.?\s?и\b)", re.I)
