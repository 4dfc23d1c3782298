#!/usr/bin/python3
"""FTP in active mode, for the tests of `socks5 bind`.

  ftp.py serve ADDRESS DIRECTORY    a server; its first line of output is ADDRESS PORT
  ftp.py list ADDRESS PORT          writes the names in its directory to stdout
  ftp.py get ADDRESS PORT NAME      writes that file
  ftp.py put ADDRESS PORT NAME      stores stdin as that file

The control connection goes straight to the server. The data connection comes from the server to
whoever the words of $BIND ("socks5 bind -x ...") ask to wait for it.
"""

import ftplib
import json
import os
import shlex
import subprocess
import sys

PATIENCE = 20


def serve(address, directory):
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    class Handler(FTPHandler):
        authorizer = DummyAuthorizer()
        use_sendfile = False

    Handler.authorizer.add_user("joe", "secret", directory, perm="elradfmw")
    server = FTPServer((address, 0), Handler)
    print(*server.socket.getsockname()[:2], flush=True)
    server.serve_forever()


def event(stream, name):
    said = json.loads(stream.readline())
    assert said["event"] == name, said
    return said


def transfer(address, port, command):
    """The data connection of one command: our stdin and stdout are its."""
    ftp = ftplib.FTP(timeout=PATIENCE)
    ftp.connect(address, int(port))
    ftp.login("joe", "secret")
    ftp.voidcmd("TYPE I")
    words = shlex.split(os.environ["BIND"]) + ["--json", address]
    # Unbuffered: what follows the events is left to be copied.
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, bufsize=0) as bind:
        told = event(bind.stdout, "listening")
        send = ftp.sendeprt if ":" in told["address"] else ftp.sendport
        send(told["address"], told["port"])
        assert ftp.sendcmd(command).startswith("1")
        event(bind.stdout, "accepted")
        # As clients of FTP do, not before the server's 150: this one drops what comes earlier.
        with bind.stdin as to:
            to.write(sys.stdin.buffer.read())
        while data := bind.stdout.read(65536):
            sys.stdout.buffer.write(data)
        ftp.voidresp()
        assert bind.wait(PATIENCE) == 0, bind.returncode
    ftp.quit()


def main():
    what, address, *rest = sys.argv[1:]
    if what == "serve":
        serve(address, rest[0])
    else:
        command = {"list": "NLST", "get": "RETR", "put": "STOR"}[what]
        transfer(address, rest[0], " ".join([command] + rest[1:]))


if __name__ == "__main__":
    main()
