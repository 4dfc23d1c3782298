"""What programs of the tests that speak through a socket share."""


def address_of(text):
    """HOST:PORT, an IPv6 address in brackets, for the socket module."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError(f"closed after {data.hex()}")
        data += more
    return data
