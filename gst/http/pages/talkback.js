// SPDX-License-Identifier: LGPL-2.1-or-later
// talkback.js – shows the room's picture, plays everybody's sound, and sends one's own microphone back while one talks; all
// on one connection. Comes back by itself.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const { show, video } = viaPlayer;
  const query = new URLSearchParams(location.search);

  let room = null; // the present membership
  let look = null; // at what comes
  let iceServers = [];
  let stream = null; // the microphone
  let isTalking = false;
  let opening = 0; // counts calls of open (): only the last one matters
  const others = new Map(); // mid → what plays a voice that does not go with the picture

  const text = (element, value) => { if (element.textContent !== value) element.textContent = value; };
  const voice = () => (stream && stream.getAudioTracks().find((t) => t.readyState === 'live')) || null;

  // --- one's own voice ---

  function tell(words) {
    const may = viaPage.mayCapture(), isIn = room && document.body.dataset.room === 'in';
    $('talk').disabled = !isIn;
    $('talk').setAttribute('aria-pressed', String(isTalking));
    text($('talk').querySelector('span'), isTalking ? 'Stop talking' : 'Talk');
    text($('talk-news'), words || (!isIn ? '' : isTalking ? 'They hear you.' : may ? 'Nobody hears you.' : viaPage.needsHttps('microphone').join(' ')));
  }

  function send() {
    const track = isTalking ? voice() : null;
    if (!room) return;
    room.replace('audio', track).catch(() => {});
    room.tell(!!track, false);
  }

  function stop(words) {
    isTalking = false;
    opening++;
    send();
    viaDevices.stop(stream); // its light goes out
    stream = null;
    tell(words);
  }

  async function list() {
    const { audio } = await viaDevices.list();
    viaDevices.fill($('microphone'), audio, voice(), false, 'No microphone');
    $('device').hidden = audio.length < 2;
  }

  async function talk() {
    const turn = ++opening;
    if (!viaPage.mayCapture()) {
      tell(viaPage.needsHttps('microphone').join(' '));
      return;
    }
    tell('May this page use your microphone? Your browser is asking you.');
    let got;
    try {
      got = await viaDevices.capture({ audio: viaDevices.chosen($('microphone')) }, () => { $('microphone').value = ''; });
    } catch (error) {
      if (turn === opening) stop(viaPage.problem(error, 'microphone').join('. '));
      return;
    }
    if (turn !== opening || !room) {
      viaDevices.stop(got);
      return;
    }
    viaDevices.stop(stream);
    stream = got;
    for (const t of got.getTracks()) t.addEventListener('ended', () => stream === got && stop('Your microphone has stopped.'));
    isTalking = true;
    send();
    tell();
    list().catch(() => {});
  }

  // --- the others ---

  // The picture of the first who sends one, with his sound; all other voices play beside it.
  function onPeers(one, peers) {
    const first = peers.find((p) => p.tracks.some((t) => t.kind === 'video')) || peers[0];
    const wanted = first ? first.tracks.map((t) => one.track(t.mid)).filter(Boolean) : [];
    const had = video.srcObject, voices = new Map();
    for (const t of had.getTracks()) if (!wanted.includes(t)) had.removeTrack(t);
    for (const t of wanted) if (!had.getTracks().includes(t)) had.addTrack(t);
    for (const p of peers) if (p !== first) for (const t of p.tracks) if (t.kind === 'audio' && one.track(t.mid)) voices.set(t.mid, one.track(t.mid));
    for (const [mid, audio] of others) {
      if (voices.has(mid)) continue;
      audio.srcObject = null;
      others.delete(mid);
    }
    for (const [mid, track] of voices) {
      if (others.has(mid)) continue;
      const audio = new Audio();
      audio.muted = video.muted;
      audio.srcObject = new MediaStream([track]);
      audio.play().catch(() => {});
      others.set(mid, audio);
    }
    if (wanted.length) video.play().catch(() => {});
  }

  // --- the room ---

  const retry = new viaPage.Retry(connect, (headline, detail) => show('retrying', headline, detail));
  const awake = viaPage.keepAwake(() => !!room);

  function drop() {
    if (look) look.stop();
    if (room) room.leave();
    look = room = null;
    delete document.body.dataset.room;
    for (const audio of others.values()) audio.srcObject = null;
    others.clear();
    tell();
  }

  function connect() {
    retry.stop();
    drop();
    show('connecting', retry.attempt ? 'Connecting again…' : 'Connecting…');
    video.srcObject = new MediaStream();
    const who = { name: query.get('name') || 'Talkback', appData: query.get('app-data'), audio: isTalking, video: false };
    const one = room = new viaRoom.Room(who, { audio: isTalking ? voice() : null, video: null }, iceServers, {
      joined() {
        retry.succeeded();
        document.body.dataset.room = 'in';
        if (!look) look = new viaPlayer.Look(one.pc);
        awake.ask();
        onPeers(one, one.peers);
        tell();
      },
      unstable: () => show('stalled', 'The connection is unstable…'),
      peers: (peers) => room === one && onPeers(one, peers),
      lost(headline, after) {
        drop();
        retry.later(headline, after);
      },
      refused(headline, detail) {
        drop();
        show('error', headline, detail);
      },
    });
  }

  $('talk').addEventListener('click', () => (isTalking ? stop() : talk()));
  $('microphone').addEventListener('change', () => isTalking && talk());
  $('retry').addEventListener('click', connect);
  viaPlayer.whenMuted((muted) => { for (const audio of others.values()) audio.muted = muted; });
  addEventListener('online', () => !room && connect());
  addEventListener('pagehide', () => {
    retry.stop();
    drop();
  });
  addEventListener('pageshow', (e) => e.persisted && connect());

  async function start() {
    iceServers = await viaWish.iceServersOf(new URL('whep', location.href));
    connect();
  }

  if (window.RTCPeerConnection && window.WebSocket) document.readyState === 'complete' ? start() : addEventListener('load', start);
  else show('error', 'This browser cannot play live video.', 'WebRTC is missing or switched off.');
})();
