"""A throw-away Dovecot on loopback: started in a tenth of a second, as root or as an ordinary user, gone with its folder.

Mails are delivered the way a local delivery agent does it (Maildir: written in tmp, renamed into new), so that IMAP sees them arrive.
"""

from __future__ import annotations

import grp
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

HOW_TO_GET_IT = "Dovecot is missing: apt-get install --no-install-recommends dovecot-imapd"
USER, PASSWORD = "support", "secret"

_CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
info_log_path = {home}/log
protocols = imap
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Mail
mail_max_userip_connections = 200
mailbox_list_index = yes
{capability}
{passdb}
userdb {{
  driver = passwd-file
  args = {home}/users
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap {{
  process_min_avail = 1
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


_BY_PASSWORD = """passdb {{
  driver = passwd-file
  args = {home}/users
}}"""
_BY_TOKEN = """passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf.ext
}}"""
_WHOSE_TOKEN = """introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


def require_dovecot() -> None:
    """Skips where there is no Dovecot; fails instead where real servers are demanded (CI)."""
    if shutil.which("dovecot"):
        return
    if os.environ.get("DESKBOT_REQUIRE_REAL") == "1":
        pytest.fail(HOW_TO_GET_IT)
    pytest.skip(HOW_TO_GET_IT)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Dovecot:
    """The server and its one mailbox. `certificate` (cert and key in one PEM file) switches the TLS port on.

    `introspection` is where it asks whose a token is (RFC 7662): with it passwords are not taken, only XOAUTH2.
    """

    def __init__(self, *, certificate: Path | None = None, capability: str = "", introspection: str = "") -> None:
        # Unix sockets allow 108 characters of path: keep it short.
        self.home = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp"))
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.mail = self.home / "mail" / USER / "Mail"
        self._write_config(certificate, capability, introspection)

    def _write_config(self, certificate: Path | None, capability: str, introspection: str) -> None:
        internal, login = ("dovecot", "dovenull") if os.getuid() == 0 else (self._owner.pw_name,) * 2
        folder = self.home / "mail" / USER
        folder.mkdir(parents=True)
        self.home.chmod(0o755)
        for path in (self.home / "mail", folder):
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        users = f"{USER}:{{PLAIN}}{PASSWORD}:{self._owner.pw_uid}:{self._owner.pw_gid}::{folder}::\n"
        (self.home / "users").write_text(users)
        tls = f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else "ssl = no"
        self.config = self.home / "dovecot.conf"
        (self.home / "oauth2.conf.ext").write_text(_WHOSE_TOKEN.format(url=introspection))
        self.config.write_text(
            _CONFIG.format(
                passdb=(_BY_TOKEN if introspection else _BY_PASSWORD).format(home=self.home),
                mechanisms="xoauth2 oauthbearer" if introspection else "plain login",
                home=self.home,
                internal=internal,
                login=login,
                group=grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name,
                port=self.port,
                tls_port=self.tls_port,
                tls=tls,
                capability=f"imap_capability = {capability}" if capability else "",
            )
        )

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 10
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self.home / "log"
                raise RuntimeError("Dovecot did not start: " + (log.read_text() if log.exists() else "no log"))
            time.sleep(0.01)

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.2) as sock:
                sock.settimeout(2)
                return sock.recv(64).startswith(b"* OK")
        except OSError:
            return False

    def stop(self) -> None:
        """Politely: clients are told BYE."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """A power cut: the whole process group at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            os.killpg(process.pid, number)
            process.wait(10)

    def lose_index(self) -> None:
        """A new UIDVALIDITY: all mails get new numbers. Stops and starts the server."""
        self.stop()
        for file in self.mail.glob("dovecot*"):
            file.unlink()
        time.sleep(1.1)  # the new UIDVALIDITY is the second of its making
        self.start()

    def deliver(self, raw: bytes, *, folder: str = "", at: float | None = None) -> None:
        """Like a delivery agent; `at` (seconds since 1970) is the INTERNALDATE that the server will tell."""
        box = self.mail / f".{folder}" if folder else self.mail
        for name in ("tmp", "new", "cur"):
            self._make(box / name)
        now = time.time_ns()
        # Dovecot numbers by seconds, then by the microseconds after M.
        name = f"{now // 10**9}.M{now // 1000 % 10**6:06d}P{os.getpid()}Q{next(self._numbers)}.test"
        target = box / "tmp" / name
        target.write_bytes(raw)
        os.chown(target, self._owner.pw_uid, self._owner.pw_gid)
        if at is not None:
            os.utime(target, (at, at))
        target.rename(box / "new" / name)

    def _make(self, path: Path) -> None:
        if path.exists():
            return
        path.mkdir(parents=True)
        for each in (path, *path.parents):
            if each == self.mail.parent:
                break
            os.chown(each, self._owner.pw_uid, self._owner.pw_gid)

    def seen(self) -> int:
        """How many mails carry \\Seen (Maildir flag S)."""
        return sum(1 for file in (self.mail / "cur").glob("*") if "S" in file.name.partition(":2,")[2])

    def cleanup(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
