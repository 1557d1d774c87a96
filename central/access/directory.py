"""Whether a password is right, as a directory says it: by a bind as that person over TLS (RFC 4511, 4.2; RFC 4513).

Only that is asked. Groups and rights are not read: rights stay in our accounts. Nothing is written into the directory.
"""

import ssl
import warnings
from typing import Any

from central.core.login_config import LdapConfig
from central.egress.connecting import Unreached, connect
from central.egress.rules import OPERATORS_OWN, EgressRules
from central.egress.term import within

TERM_S = 8.0
"""For the whole of one question, in seconds."""
MAX_NAME_CHARS = 256
_START_TLS = "1.3.6.1.4.1.1466.20037"
_SUCCESS, _NO_SUCH_OBJECT, _INVALID_DN, _INVALID_CREDENTIALS = 0, 32, 34, 49


class DirectoryOutage(Exception):
    """The directory cannot be asked, or its answer says nothing of the password."""


class Directory:
    """One directory. Safe to use from several threads. Raises `OSError` for files that cannot be read."""

    def __init__(self, config: LdapConfig, rules: EgressRules = OPERATORS_OWN) -> None:
        self.config = config
        self._rules = rules
        self._context = ssl.create_default_context(cafile=config.ca_file)
        file = config.bind_password_file
        self._bind_password = file.read_text(encoding="utf-8").strip() if file is not None else ""

    @property
    def issuer(self) -> str:
        """What an account keeps of where its name is from."""
        place = self.config.user_dn or f"{self.config.search_base}?{self.config.search_filter}"
        return f"ldap://{self.config.host.lower()}/{place}"

    def is_right(self, name: str, password: str) -> bool:
        """Whether this is the password of the person with that name. Raises `DirectoryOutage`.

        An empty password is wrong without a question: servers take a bind with one for an anonymous bind, and say yes
        (RFC 4513, 5.1.2).
        """
        if not password or not name.strip() or len(name) > MAX_NAME_CHARS or "\x00" in name + password:
            return False
        lines: list[Any] = []
        try:
            return within(TERM_S, lambda: self._asked(name.strip(), password, lines), "ldap", lambda: _hang_up(lines))
        except Unreached as error:
            raise DirectoryOutage(f"the directory cannot be asked: {error}") from error
        except ssl.SSLError as error:
            raise DirectoryOutage("the directory's certificate is not believed") from error
        except OSError as error:
            raise DirectoryOutage("the connection to the directory was lost") from error

    def _asked(self, name: str, password: str, lines: list[Any]) -> bool:
        try:
            entry = self._entry_of(name, lines)
            return entry is not None and _is_bound(self._opened(lines), entry, password)
        finally:
            _hang_up(lines)

    def _entry_of(self, name: str, lines: list[Any]) -> str | None:
        """The entry of that name; None where there is none."""
        ldap3 = _library()
        if self.config.user_dn is not None:
            return self.config.user_dn.replace("{name}", ldap3.utils.dn.escape_rdn(name))
        connection = self._opened(lines)
        if self.config.bind_dn is not None and not _is_bound(connection, self.config.bind_dn, self._bind_password):
            raise DirectoryOutage("the directory refuses login.ldap.bind_dn or its password")
        asked = self.config.search_filter.replace("{name}", ldap3.utils.conv.escape_filter_chars(name))
        try:
            connection.search(self.config.search_base, asked, attributes=["1.1"], size_limit=2)
        except ldap3.core.exceptions.LDAPException as error:
            raise DirectoryOutage(f"the directory did not search: {type(error).__name__}") from error
        found = [item["dn"] for item in connection.response or () if item["type"] == "searchResEntry"]
        if not found and connection.result["result"] not in {_SUCCESS, _NO_SUCH_OBJECT}:
            raise DirectoryOutage(f"the directory did not search: result {connection.result['result']}")
        if len(found) > 1:
            raise DirectoryOutage("the directory has more than one entry of that name: mend login.ldap.search_filter")
        return str(found[0]) if found and found[0] else None

    def _opened(self, lines: list[Any]) -> Any:
        """A connection under TLS, to the very address that was looked at. Raises `Unreached`, `OSError`."""
        ldap3 = _library()
        config = self.config
        server = ldap3.Server(config.host, config.port, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, authentication=ldap3.ANONYMOUS, auto_referrals=False, read_only=True)
        line = connect(config.host, config.port, self._rules, TERM_S)
        lines.append(line)
        if config.tls == "implicit":
            line = self._context.wrap_socket(line, server_hostname=config.host)
        # The library would look the name up again, and connect to what it finds then.
        connection.socket, connection.closed, connection.listening = line, False, True
        connection.strategy._outstanding = {}  # noqa: SLF001  # the library sets it where it connects
        if config.tls == "starttls":
            try:
                taken = connection.extended(_START_TLS)
            except ldap3.core.exceptions.LDAPException as error:
                raise DirectoryOutage("the directory ended the connection") from error
            if not taken:
                raise DirectoryOutage("the directory does not turn to TLS: nothing is sent in clear")
            connection.socket = line = self._context.wrap_socket(line, server_hostname=config.host)
        lines.append(line)
        return connection


def _is_bound(connection: Any, entry: str, password: str) -> bool:
    ldap3 = _library()
    try:
        connection.rebind(user=entry, password=password, authentication=ldap3.SIMPLE, read_server_info=False)
    except ldap3.core.exceptions.LDAPBindError:
        pass
    except ldap3.core.exceptions.LDAPInvalidCredentialsResult:
        return False
    except ldap3.core.exceptions.LDAPException as error:
        raise DirectoryOutage(f"the directory did not answer: {type(error).__name__}") from error
    code = connection.result["result"]
    if code == _SUCCESS:
        return True
    if code in {_INVALID_CREDENTIALS, _NO_SUCH_OBJECT, _INVALID_DN}:
        return False
    raise DirectoryOutage(f"the directory refused to answer: result {code}")


def _hang_up(lines: list[Any]) -> None:
    for line in tuple(lines):
        line.close()


def _library() -> Any:
    """Only who logs in so waits for the library. Its newest release names things that its own library has renamed since."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ldap3
        import ldap3.utils.conv
        import ldap3.utils.dn
    return ldap3
