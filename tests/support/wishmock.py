# SPDX-License-Identifier: LGPL-2.1-or-later
"""A WHIP and WHEP server that misbehaves as others do, in front of one of ours.

    with Mock('http://127.0.0.1:8889/live', Janus()) as mock:
        … a client of mock.url('whip') …;  mock.log, mock.sessions

What the client sends goes on to the real server, so that media flows; what comes
back is bent by the quirk. `log` has a Request per request.
"""
import dataclasses
import http.client
import http.server
import ssl
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Request:
    time: float
    method: str
    path: str
    headers: dict
    body: str
    status: int = 0


class Quirk:
    """Methods get the mock's request and give (status, headers, body), or None
    to let it go on; `bend` changes what comes back."""

    def before(self, mock, request):
        return None

    def bend(self, mock, request, status, headers, body):
        return status, headers, body


class Mock:
    def __init__(self, real, quirk=None, context=None, port=0):
        self.real, self.quirk = urllib.parse.urlsplit(real), quirk or Quirk()
        self.log, self.lock = [], threading.Lock()
        self.scheme = 'https' if context else 'http'
        handler = type('Handler', (Handler,), {'mock': self})
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port),
                                                      handler)
        self.server.daemon_threads = True
        if context:
            self.server.socket = context.wrap_socket(self.server.socket,
                                                     server_side=True)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self, name, scheme=None):
        return f'{scheme or self.scheme}://127.0.0.1:{self.port}/live/{name}'

    def seen(self, method, path=''):
        with self.lock:
            return [r for r in self.log
                    if r.method == method and path in r.path]

    def forward(self, request):
        """(status, [(name, value)], body) of the real server."""
        real = http.client.HTTPConnection(self.real.hostname, self.real.port,
                                          timeout=20)
        path = self.real.path + request.path[len('/live'):]
        headers = {k: v for k, v in request.headers.items()
                   if k in ('content-type', 'if-match')}
        try:
            real.request(request.method, path, request.body.encode() or None,
                         headers)
            answer = real.getresponse()
            body = answer.read().decode()
        except OSError:
            return 502, [], ''
        finally:
            real.close()
        # Sessions are reached by us too.
        mine = f'{self.scheme}://127.0.0.1:{self.port}/live'
        headers = [(k, v.replace(self.real.geturl(), mine))
                   for k, v in answer.getheaders()
                   if k.lower() in ('content-type', 'location', 'etag', 'link',
                                    'retry-after', 'accept-patch')]
        return answer.status, headers, body


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    mock = None

    def handle_any(self):
        length = int(self.headers.get('content-length') or 0)
        request = Request(time.monotonic(), self.command, self.path,
                          {k.lower(): v for k, v in self.headers.items()},
                          self.rfile.read(length).decode())
        with self.mock.lock:
            self.mock.log.append(request)
        answer = self.mock.quirk.before(self.mock, request)
        if answer is None:
            answer = self.mock.quirk.bend(self.mock, request,
                                          *self.mock.forward(request))
        status, headers, body = answer
        request.status = status
        data = body.encode()
        try:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if status != 204:
                self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            self.wfile.write(data if status != 204 else b'')
        except OSError:
            request.status = -1     # the client did not wait

    do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def log_message(self, *_):
        pass


def without(headers, *names):
    return [(k, v) for k, v in headers if k.lower() not in names]


def value(headers, name):
    return next((v for k, v in headers if k.lower() == name), None)


def is_endpoint(request):
    """Whether @request is for /live/whip or /live/whep itself."""
    return request.path.split('?')[0].count('/') == 2


def tls(certificate):
    """A server's context of a PEM file with certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
