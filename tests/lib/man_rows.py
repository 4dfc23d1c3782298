"""man_rows.py: what an example of a man page takes beyond being typed.

The first row of a page with a text that is in the example is the example's. An example without a
row is run as it stands, has nothing on its standard input and must end with status 0.
"""

import dataclasses


@dataclasses.dataclass
class Row:
    page: str
    text: str
    parsed: str = ""        # why it is not run; its options are looked at all the same
    setup: str = ""         # a script that goes before it, in its folder
    input: str = ""         # its standard input, unless that is a terminal,
    types: tuple = ()       # where this is typed: (what is waited for, what is typed)...
    meet: str = ""          # a script that is run once it listens, on $HOST and $PORT; then it is ended,
    ends: bool = False      # or ends by itself
    status: int | None = 0  # None: either way
    said: str = ""          # what must be in its output
    check: str = ""         # a script that must succeed when it is over
    realm: bool = False     # it takes a Kerberos realm


CAPTURE = 'cp "$CAPTURES"/users.pcap '
FETCH = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | socks5 connect --direct $HOST $PORT | grep hello"
ASK = "curl -sS -m 10 -x socks5h://$HOST:$PORT http://www.example.org/ | grep hello"
PASSWORDS = (("assword", "secret"), ("gain", "secret"))
USERS = """
[ "$(stat -c %a users)" = 600 ]
socks5 serve --check --users users 127.0.0.1:0
"""

ROWS = [
    Row("socks5-bind.1", "192.0.2.21", check="grep -x hello listing", ends=True,
        meet="echo hello | socks5 connect --direct -N -s 192.0.2.21 $HOST $PORT"),
    Row("socks5-bind.1", "<letter", setup="echo hello >letter", ends=True,
        meet="socks5 connect --direct $HOST $PORT </dev/null | grep -x hello"),
    Row("socks5-bind.1", "--to 127.0.0.1:8080", meet=FETCH,
        setup='"$PYTHON" "$LIB/target.py" web 127.0.0.1 8080 >web & until grep . web; do sleep 0.02; done'),

    Row("socks5-connect.1", "GET / HTTP", said="HTTP/1.0 200 OK"),
    Row("socks5-connect.1", "--password prompt", types=(("assword", "secret"), ("220", "QUIT")),
        said="221 bye"),
    Row("socks5-connect.1", "--edit", types=(("220", "QUIT"),), said="221 bye"),
    Row("socks5-connect.1", "-L 8080", meet=FETCH),
    Row("socks5-connect.1", "kinit", realm=True, types=(("Password for", "secret"), ("220", "QUIT")),
        said="221 bye"),
    Row("socks5-connect.1", "-x second.example", said="SSH-2.0"),
    Row("socks5-connect.1", "ProxyCommand", parsed="a sshd is asked in tests/interop/ssh.bats"),

    Row("socks5-decode.1", "capture.pcapng", setup=CAPTURE + "capture.pcapng", said="target=192.0.2.80:80"),
    Row("socks5-decode.1", "tcpdump", said='command="01 connect"',
        meet="socks5 connect example.org:80 </dev/null; until grep '01 connect' said; do sleep 0.02; done"),
    Row("socks5-decode.1", "jq", setup=CAPTURE + "capture.pcap", said='"socks.results":5'),

    Row("socks5-passwd.1", "umask", types=PASSWORDS, check=USERS),
    Row("socks5-passwd.1", "JOES_PASSWORD", check=USERS, setup="rm -f users; export JOES_PASSWORD=secret; umask 077"),

    Row("socks5-probe.1", "probe 192.0.2.1:1080", said="open to anyone"),
    Row("socks5-probe.1", "proxies.txt", said="192.0.2.1:1080\t",
        setup="printf '%s\\n' 192.0.2.1 192.0.2.250 proxy.example >proxies.txt"),
    Row("socks5-probe.1", "junit", check="xmllint --noout report.xml"),
    # How good a client it is depends on its version.
    Row("socks5-probe.1", "--client", status=None, said="pass  rfc1928/4/c1 "),

    Row("socks5-serve.1", "--users users --log -", types=PASSWORDS,
        meet="curl -sS -m 10 -x socks5h://joe:secret@127.0.0.1:1080 http://www.example.org/ | grep hello"),
    Row("socks5-serve.1", "10.0.0.1:1080",
        meet=ASK + "; ! socks5 connect -x $HOST:$PORT host.example 22 </dev/null"),
    Row("socks5-serve.1", "socks5 serve", meet=ASK),
    Row("socks5.conf.5", "--check", said="allowed: rule 2, ",
        setup="umask 077; for name in joe ann; do socks5 passwd --cost 1 --password pass:x $name; done "
              ">>etc/socks5/users"),

    Row("socks5-shell.1", "<lines",
        setup="printf '%s\\n' '# ssh, then mail' 'connect -z host.example 22' "
              "'connect -z mail.example.org 25' >lines"),
    Row("socks5-shell.1", "printf", said="number of methods"),
    Row("socks5-shell.1", "<TAB>", parsed="keys are typed in tests/cli/prompt.bats"),

    Row("socks5-speed.1", "pidof", setup="pidof() { echo $$; }", said='"measure":"rr"'),

    Row("socks5-udp.1", "dig", said="192.0.2.80"),
    Row("socks5-udp.1", "ff ff 54", said="192.0.2.9:27015 ffff54"),
]


def row_of(page, example):
    for row in ROWS:
        if row.page == page and row.text in example:
            return row
    return Row(page, "")
