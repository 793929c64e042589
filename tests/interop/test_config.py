#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 180
# in pairs
"""gst-launch lines whose servers stand in files and the environment alone,
against a real coturn; what goes wrong is named, the password is not."""
import os
import tempfile

import lab
lab.enter()

import tap  # noqa: E402

LINE = ('audiotestsrc is-live=true ! webrtcendpoint name=a peer=b',
        'webrtcendpoint name=b app-data=Bob')
PAIR = (r'selected-pair, local-type=\(string\)relay[^\n]*'
        r'remote-type=\(string\)relay[^\n]*'
        rf'server=\(string\){lab.ADDRESS}:{lab.Relay.PORT}/%s[^\n]*'
        r'app-data=\(string\)Bob')
HEARS = r'flow, direction=\(string\)in, is-flowing=\(boolean\)true'


class Files:
    """A directory with the files of a Kurento Media Server."""

    def __init__(self, password, query=''):
        self.dir = tempfile.TemporaryDirectory(prefix='via-conf-')
        self.paths = [os.path.join(self.dir.name, n) for n in (
            'WebRtcEndpoint.conf.ini', 'BaseRtpEndpoint.conf.ini')]
        with open(self.paths[0], 'w', encoding='utf-8') as f:
            f.write(';; As Kurento ships it.\n;networkInterfaces=eth0\n\n'
                    f'stunServerAddress={lab.ADDRESS}\n'
                    f'stunServerPort={lab.Relay.PORT}\n'
                    f'turnURL={lab.Relay.USER}:{password}@{lab.ADDRESS}:'
                    f'{lab.Relay.PORT}{query}\niceTcp=0\n')
        with open(self.paths[1], 'w', encoding='utf-8') as f:
            f.write('minPort=40000\nmaxPort=40099\nmtu=1000\n')

    def __enter__(self):
        return {'VIA_CONFIG': ':'.join(self.paths),
                'VIA_ICE_TRANSPORT_POLICY': 'relay'}

    def __exit__(self, *_):
        self.dir.cleanup()


def launch(env):
    return lab.Launch(*LINE, options=('-m', '-e'), env=env)


def no_password(line):
    for text in (lab.Relay.PASSWORD, lab.Relay.ESCAPED):
        tap.check(text not in line.output(), 'the password is shown')


def test_kurento_files_of_via_config_relay_a_call():
    for query, transport in (('', 'udp'), ('?transport=tcp', 'tcp')):
        with lab.Relay() as relay, Files(lab.Relay.ESCAPED, query) as env, \
                launch(env) as line:
            line.until_says(PAIR % transport, 30)
            line.until_says(HEARS, 20)
            tap.check(relay.allocations() >= 2, 'nothing was allocated')
            no_password(line)


def test_wrong_password_of_a_file_is_told_in_words():
    with lab.Relay(), Files('canary-wrong') as env, launch(env) as line:
        server = f'{lab.ADDRESS}:{lab.Relay.PORT}/udp'
        said = line.until_says(
            rf'ice-candidate-error, server=\(string\){server}, '
            r'code=\(uint\)401, text=\(string\)"([^"]*)"', 30)
        tap.check(said.group(1).replace('\\', '')
                  == f'TURN 401: wrong user or password for {server}',
                  said.group(1))
        line.until_says(rf'WARNING: [^\n]*TURN 401: wrong user or password')
        tap.check('canary-wrong' not in line.output(), 'the password is shown')


def test_bad_line_is_named_and_the_rest_of_the_file_holds():
    with tempfile.TemporaryDirectory(prefix='via-conf-') as folder:
        path = os.path.join(folder, 'via.conf')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('[common]\nmin-port=70000\n[webrtcserver]\nport=8123\n')
        with lab.Launch('audiotestsrc is-live=true ! webrtcserver',
                        env={'VIA_CONFIG': path}) as line:
            line.until('http://127.0.0.1:8123/live/')
            tap.check(f'{path}:2: min-port=70000 refused' in line.output(),
                      line.output())


if __name__ == '__main__':
    tap.main(globals())
