"""Is there a person behind this mail? One small rule each, the order is the table at the bottom.

The verdict names its rule. "Must not be answered automatically" (RFC 3834) is wider than "a machine": a mail of a person whose
server forbids automatic answers opens a ticket and gets no receipt.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.channels.mail.addresses import bare
from bot.channels.mail.headers import Headers, as_text, parameters, split
from bot.channels.mail.tree import Part
from bot.channels.mail.values import Bounced, MailAddress, MailKind

# Our mark on whatever we send; its value is the address it was sent from. Answers do not repeat it, robots that bounce a mail back do.
LOOP_HEADER = "X-Loop"

_DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|postmaster|postoffice|mdaemon|bounces?|mail\.?admin|mailsystem|mail-system)(?:[-+=.@]|$)", re.I
)
_NO_REPLY = re.compile(r"^(?:no-?_?reply|do-?not-?reply|donotreply|noanswer|nobody|robot|notifications?)(?:[-+=.@\d]|$)", re.I)
_BOUNCE_SUBJECT = re.compile(
    r"^\W*(?:undeliver(?:ed|able)|mail delivery (?:failed|subsystem|failure|error)|mail (?:system )?error|failure notice"
    r"|failed mail|failed delivery"
    r"|delivery (?:status notification|failure|failed|report|notification|error|has failed|problem)|returned mail"
    r"|returned to sender|mail not delivered"
    r"|(?:message|mail) (?:could not be|not) delivered|unable to deliver|non[- ]?deliver\w*|nondeliverable"
    r"|warning: (?:could not send|message)"
    r"|не доставлено|недоставлен\w*|повідомлення не доставлено|сообщение не доставлено|лист не доставлено|помилка доставки"
    r"|ошибка доставки"
    r"|помилка доставлення|ошибка при доставке|возврат письма|повернення листа|error (?:sending|delivering)"
    r"|system administrator|user unknown"
    r"|the user'?s? .{0,60}(?:does not exist|unknown)|unzustellbar|échec de (?:la )?remise|message undeliverable|email not delivered"
    r"|considered unsolicited|rejected message|message rejected|rejected:|non recapitabile|rejeté)",
    re.I,
)
_AUTO_SUBJECT = re.compile(
    r"^\W*(?:(?:re|aw|fw|отв|від|ha)\s*:\s*)?(?:auto(?:matic|mated|matische)?[- ]?(?:reply|response|antwort|answer)"
    r"|auto-?respon\w*|autosvar|auto:"
    r"|out of (?:the )?office|ooo:|away from|vacation (?:reply|message|notice)|i am (?:away|out of)|on vacation|abwesen\w*"
    r"|abwesenheitsnotiz"
    r"|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|automatiskt svar"
    r"|автоматич(?:на|ний) відпов\w*|автовідпов\w*|автоматический ответ|автоответ\w*|поза офісом|відсут(?:ній|ня) (?:в офісі"
    r"|на роботі)|вне офиса|отсутств\w+ (?:в офисе|на работе)"
    r"|я (?:у|в) (?:відпустці|отпуске))",
    re.I,
)
_BOUNCE_TEXT = re.compile(
    r"(?:could not be delivered|送信できませんでした|couldn't be delivered|was not delivered|delivery (?:to the following|has failed"
    r"|failed)|undeliverable|permanent (?:fatal )?error"
    r"|returned to sender|recipient address rejected|user unknown|mailbox (?:unavailable|is full|not found)|550[ -]5\."
    r"|this message was created automatically by)",
    re.I,
)
_FINAL = re.compile(rb"^(?:final|original)-recipient:\s*(?:[^;\r\n]{0,20};)?\s*<?([^\s<>]+)", re.I | re.M)
_STATUS = re.compile(rb"^status:\s*([245]\.\d{1,3}\.\d{1,3})", re.I | re.M)
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^<>\s]{3,400}>)", re.I | re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the rules look at. `own` are our addresses, `recipients` those the mail went to, all in lower case."""

    headers: Headers
    leaves: tuple[Part, ...]
    root: Part
    sender: MailAddress | None
    subject: str
    own: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()

    def value(self, name: str) -> str:
        return as_text(self.headers.first(name)).strip()

    @property
    def local(self) -> str:
        return self.sender.address if self.sender else ""

    def has_part(self, *types: str) -> bool:
        return any(leaf.content_type in types for leaf in self.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who speaks, by which rule, and whether an automatic answer is allowed."""

    kind: MailKind
    because: str = ""
    may_be_answered: bool = True
    bounced: Bounced | None = None


def judge(evidence: Evidence, text: Callable[[], str]) -> Verdict:
    """The first rule that speaks decides. `text` is asked only by the rule that needs the body."""
    for kind, because, rule in _RULES:
        if rule(evidence):
            return Verdict(
                kind=kind, because=because, may_be_answered=False, bounced=_bounced(evidence) if kind is MailKind.BOUNCE else None
            )
    if _is_no_reply(evidence) and evidence.has_part("message/rfc822") and _BOUNCE_TEXT.search(text()[:20_000]):
        return _machine(MailKind.BOUNCE, "a report with the mail attached", evidence)
    if _has_null_sender(evidence):
        if _BOUNCE_TEXT.search(text()[:20_000]):
            return Verdict(
                kind=MailKind.BOUNCE, because="empty return path and a report text", may_be_answered=False, bounced=_bounced(evidence)
            )
        return Verdict(kind=MailKind.AUTO_REPLY, because="empty return path", may_be_answered=False)
    for because, restraint in _RESTRAINTS:
        if restraint(evidence):
            return Verdict(kind=MailKind.MESSAGE, because=because, may_be_answered=False)
    return Verdict(kind=MailKind.MESSAGE)


def _machine(kind: MailKind, because: str, evidence: Evidence) -> Verdict:
    bounced = _bounced(evidence) if kind is MailKind.BOUNCE else None
    return Verdict(kind=kind, because=because, may_be_answered=False, bounced=bounced)


def _is_loop(mail: Evidence) -> bool:
    """The mark of the desk that reads the mail: it was here before. Who does not know its own addresses takes any mark for its own."""
    marks = {as_text(value).strip().strip("<>").lower() for value in mail.headers.all("x-loop")}
    return bool(marks & (mail.own | mail.recipients)) or (bool(marks) and not mail.own)


def _is_from_ourselves(mail: Evidence) -> bool:
    return mail.sender is not None and mail.sender.address.lower() in mail.own


def _report_type(mail: Evidence) -> str:
    return mail.root.parameters.get("report-type", "").lower()


def _is_delivery_report(mail: Evidence) -> bool:
    kind = _report_type(mail)
    return mail.has_part("message/delivery-status", "message/global-delivery-status") or (
        mail.root.headers.first("content-type").lower().startswith(b"multipart/report") and kind in ("delivery-status", "")
    )


def _is_read_receipt(mail: Evidence) -> bool:
    return mail.has_part("message/disposition-notification") or _report_type(mail) == "disposition-notification"


def _is_complaint(mail: Evidence) -> bool:
    return mail.has_part("message/feedback-report") or _report_type(mail) == "feedback-report"


def _names_failed_recipients(mail: Evidence) -> bool:
    return mail.headers.has("x-failed-recipients")


def _is_from_a_daemon(mail: Evidence) -> bool:
    return bool(_DAEMON.match(mail.local)) or bool(
        mail.sender is None and re.search(r"mailer-?daemon|postmaster|mail delivery (?:sub)?system", mail.value("from"), re.I)
    )


def _has_bounce_subject(mail: Evidence) -> bool:
    """The words alone prove nothing ("Undeliverable" is what a client may ask about): a sign of a machine must be there too."""
    if not _BOUNCE_SUBJECT.match(mail.subject):
        return False
    return (
        _has_null_sender(mail)
        or mail.has_part("message/rfc822", "text/rfc822-headers")
        or mail.sender is None
        or _is_submitted_by_machine(mail)
    )


def _is_submitted_by_machine(mail: Evidence) -> bool:
    value = parameters(mail.headers.first("auto-submitted"))[0]
    return value not in ("", "no")


def _is_marked_auto_reply(mail: Evidence) -> bool:
    said_yes = any(
        mail.value(name).lower() not in ("", "no", "none")
        for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from")
    )
    by_rule = "rules agent" in mail.value("x-ms-exchange-generated-message-source").lower()
    return said_yes or by_rule or mail.value("precedence").lower() in ("auto_reply", "auto-reply")


def _has_auto_subject(mail: Evidence) -> bool:
    return bool(_AUTO_SUBJECT.match(mail.subject))


def _is_list(mail: Evidence) -> bool:
    """A mailing list, unless the list is ourselves: many a support@ is a group that stamps its own List-Id on every mail."""
    marks = [name for name in ("list-id", "list-unsubscribe", "list-post") if mail.headers.has(name)]
    if not marks:
        return False
    stamped = as_text(mail.headers.first("list-post") or mail.headers.first("list-id")).lower()
    is_ours = any(address in stamped or address.replace("@", ".") in stamped for address in mail.own)
    return not is_ours


def _is_bulk(mail: Evidence) -> bool:
    return mail.value("precedence").lower() in ("bulk", "junk", "list") and not (mail.own and _is_own_list(mail))


def _is_own_list(mail: Evidence) -> bool:
    return mail.headers.has("list-id") and not _is_list(mail)


def _is_foreign_loop(mail: Evidence) -> bool:
    return mail.headers.has("x-loop")


def _is_service_notice(mail: Evidence) -> bool:
    return any(mail.headers.has(name) for name in ("x-amz-sns-message-id", "x-mlserver", "x-mailman-version", "x-github-reason"))


def _has_null_sender(mail: Evidence) -> bool:
    return mail.headers.has("return-path") and mail.value("return-path").replace(" ", "") in ("<>", '""', "<<>>")


def _forbids_answers(mail: Evidence) -> bool:
    wanted = {each.strip().lower() for each in mail.value("x-auto-response-suppress").split(",")}
    return bool(wanted & {"all", "autoreply", "oof"})


def _is_no_reply(mail: Evidence) -> bool:
    return takes_no_answers(mail.local)


def takes_no_answers(address: str) -> bool:
    """Addresses by whose name nobody reads what comes there."""
    return bool(_NO_REPLY.match(address))


def _is_campaign(mail: Evidence) -> bool:
    return mail.headers.has("feedback-id")


_RULES: tuple[tuple[MailKind, str, Callable[[Evidence], bool]], ...] = (
    (MailKind.LOOP, "our own loop mark", _is_loop),
    (MailKind.BOUNCE, "a delivery report", _is_delivery_report),
    (MailKind.AUTO_REPLY, "a read receipt", _is_read_receipt),
    (MailKind.BULK, "a complaint report", _is_complaint),
    (MailKind.BOUNCE, "names failed recipients", _names_failed_recipients),
    (MailKind.AUTO_REPLY, "marked as an automatic reply", _is_marked_auto_reply),
    (MailKind.AUTO_REPLY, "subject of an automatic reply", _has_auto_subject),
    (MailKind.BOUNCE, "from a mail daemon", _is_from_a_daemon),
    (MailKind.BOUNCE, "subject of a delivery report", _has_bounce_subject),
    (MailKind.BULK, "a mailing list", _is_list),
    (MailKind.BULK, "a notice of a mail service", _is_service_notice),
    (MailKind.BULK, "precedence of a mass mailing", _is_bulk),
    (MailKind.AUTO_REPLY, "submitted by a machine (RFC 3834)", _is_submitted_by_machine),
)
_RESTRAINTS: tuple[tuple[str, Callable[[Evidence], bool]], ...] = (
    ("the sender's server forbids automatic answers", _forbids_answers),
    ("an address that takes no answers", _is_no_reply),
    ("a campaign", _is_campaign),
    ("loop mark of another robot", _is_foreign_loop),
    ("from our own address", _is_from_ourselves),
    ("no sender", lambda mail: mail.sender is None),
)


def _bounced(mail: Evidence) -> Bounced:
    """Whom the report could not reach, and which mail of ours it was."""
    status = recipient = message_id = b""
    for leaf in mail.leaves:
        if leaf.content_type in ("message/delivery-status", "message/global-delivery-status"):
            data = leaf.content()[:20_000]
            recipient = recipient or _group(_FINAL, data)
            status = status or _group(_STATUS, data)
        elif leaf.content_type in ("message/rfc822", "text/rfc822-headers", "message/global"):
            headers, _, _ = split(data := leaf.content()[:300_000], 0, len(data))
            message_id = message_id or headers.first("message-id").strip()
    if not message_id:
        # Old servers paste the returned mail below their report.
        message_id = _group(_MESSAGE_ID, mail.root.buffer[mail.root.start : mail.root.start + 100_000])
    recipient = recipient or mail.headers.first("x-failed-recipients").partition(b",")[0]
    found = re.match(rb"<[^<>\s]{3,400}>", message_id)
    return Bounced(
        recipient=bare(as_text(recipient)), status=status.decode("ascii", "replace"), message_id=as_text(found[0]) if found else ""
    )


def _group(pattern: re.Pattern[bytes], data: bytes) -> bytes:
    found = pattern.search(data)
    return found[1] if found else b""
