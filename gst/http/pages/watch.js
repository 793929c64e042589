// SPDX-License-Identifier: LGPL-2.1-or-later
// watch.js – plays this server's stream by WHEP; says in plain words what is going on; comes back by itself.
'use strict';
(() => {
  const STILL_MS = 3000; // no new frame this long: say so

  const $ = (id) => document.getElementById(id);
  const video = $('video');
  const endpoint = new URL('whep' + location.search, location.href);

  let session = null; // the present try, an object of its own
  let hasSound = false;

  const short = {
    connecting: 'Connecting', waiting: 'Connected', playing: 'Live', 'sound-only': 'Live, sound only',
    stalled: 'Paused', retrying: 'Reconnecting', error: 'Not available',
  };

  function show(state, headline, detail = '') {
    document.body.dataset.state = state;
    $('short').textContent = short[state];
    if ($('headline').textContent !== headline) $('headline').textContent = headline;
    if ($('detail').textContent !== detail) $('detail').textContent = detail;
    $('retry').hidden = state !== 'retrying' && state !== 'error';
    updateButtons();
  }

  function updateButtons() {
    const state = document.body.dataset.state;
    const on = state === 'playing' || state === 'stalled' || state === 'sound-only';
    $('sound-call').hidden = !(on && hasSound && video.muted);
    $('mute').hidden = !(on && hasSound && !video.muted);
    $('full').hidden = !(on && state !== 'sound-only' && (document.fullscreenEnabled || video.webkitEnterFullscreen));
    if (!on) $('facts').textContent = '';
  }

  // --- one try ---

  function end(s) {
    if (!s || s.over) return;
    clearInterval(s.watch);
    s.end();
    if (session === s) session = null;
  }

  const retry = new viaPage.Retry(start, (headline, detail) => show('retrying', headline, detail));

  function again(headline, after) {
    end(session);
    retry.later(headline, after);
  }

  function explain(error) {
    if (error instanceof viaWish.Refusal) {
      if (error.status === 503) return again(viaPage.busy(error.message), error.after);
      if (error.status === 409) return again('Nobody is publishing here yet.', error.after);
      if (error.status === 429) return again('The server is busy.', error.after);
      if (error.status === 401 || error.status === 403) {
        end(session);
        return show('error', 'This stream needs an invitation.', 'Open the whole link you were sent; it may have run out.');
      }
      if (error.status === 404) return again('There is no stream at this address.', 5);
      end(session);
      return show('error', 'The server cannot play this here.', error.message || `It answered ${error.status}.`);
    }
    if (error instanceof TypeError || error.name === 'AbortError') return again('Cannot reach the server.');
    return again('The connection did not work.');
  }

  const watchState = (s) => viaPage.follow(s.pc, () => s.over, {
    connected() {
      retry.succeeded();
      s.since = performance.now();
      if (!s.watch) s.watch = setInterval(() => look(s), 500);
    },
    unstable: () => show('stalled', 'The connection is unstable…'),
    lost: (headline) => again(headline),
  });

  async function start() {
    retry.stop();
    end(session);
    show('connecting', retry.attempt ? 'Connecting again…' : 'Connecting…');
    const s = Object.assign(new viaWish.Session(endpoint), { frames: 0, sound: 0, moved: 0, heard: 0 });
    session = s;
    const stream = new MediaStream();
    hasSound = false;
    for (const kind of ['video', 'audio']) {
      const receiver = s.pc.addTransceiver(kind, { direction: 'recvonly' }).receiver;
      stream.addTrack(receiver.track);
    }
    video.srcObject = stream;
    watchState(s);
    try {
      if (!await s.connect(() => again('The stream has ended.'))) return;
      video.play().catch(() => {});
    } catch (error) {
      if (!s.over) explain(error);
    }
  }

  // --- what is coming in ---

  async function look(s) {
    const stats = [...(await s.pc.getStats()).values()];
    if (s.over || s.pc.connectionState !== 'connected') return;
    const now = performance.now();
    const inbound = (kind) => stats.find((x) => x.type === 'inbound-rtp' && x.kind === kind);
    const v = inbound('video'), a = inbound('audio');
    if (v && v.framesDecoded > s.frames) {
      s.frames = v.framesDecoded;
      s.moved = now;
    }
    if (a && a.packetsReceived > s.sound) {
      s.sound = a.packetsReceived;
      s.heard = now;
      hasSound = true;
    }
    judge(s, now);
    facts(s, stats, v, a, now);
  }

  function judge(s, now) {
    const moving = s.moved && now - s.moved < STILL_MS;
    const sounding = s.heard && now - s.heard < STILL_MS;
    if (moving) show('playing', 'Playing');
    else if (sounding && s.moved) show('playing', 'The picture stands still, the sound goes on.');
    else if (sounding && now - s.since > STILL_MS) show('sound-only', 'Sound only', 'Nobody is sending a picture.');
    else if (s.moved || s.heard) {
      if (!sounding) show('stalled', 'The stream has paused.', 'It goes on here as soon as someone is publishing again.');
    } else if (now - s.since > 1500) show('waiting', 'Nobody is publishing yet.', 'You are connected. The picture appears here by itself.');
  }

  function facts(s, stats, v, a, now) {
    const bytes = (v ? v.bytesReceived : 0) + (a ? a.bytesReceived : 0);
    const parts = [];
    if (now - (s.measured || 0) < 1900) return;
    if (v && v.frameWidth) parts.push(`${v.frameWidth}×${v.frameHeight}`);
    const codec = v && stats.find((x) => x.id === v.codecId);
    if (codec) parts.push(codec.mimeType.split('/')[1]);
    if (s.measured) parts.push(`${((bytes - s.bytes) * 8e-3 / (now - s.measured)).toFixed(1)} Mb/s`);
    s.measured = now;
    s.bytes = bytes;
    if (document.body.dataset.state === 'playing') $('facts').textContent = parts.join(' · ');
  }

  // --- the person ---

  function setMuted(muted) {
    video.muted = muted;
    $('mute').setAttribute('aria-pressed', String(muted));
    video.play().catch(() => {
      video.muted = true;
      updateButtons();
    });
    updateButtons();
  }

  $('sound-call').addEventListener('click', () => {
    setMuted(false);
    if (!$('mute').hidden) $('mute').focus();
  });
  $('mute').addEventListener('click', () => {
    setMuted(true);
    $('sound-call').focus();
  });
  $('full').addEventListener('click', () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if ($('stage').requestFullscreen) $('stage').requestFullscreen().catch(() => {});
    else video.webkitEnterFullscreen();
  });
  document.addEventListener('fullscreenchange', () => {
    $('full').textContent = document.fullscreenElement ? 'Leave full screen' : 'Full screen';
  });
  $('retry').addEventListener('click', start);
  addEventListener('online', () => !session && start());
  addEventListener('pagehide', () => {
    retry.stop();
    end(session);
  });
  addEventListener('pageshow', (e) => e.persisted && start());

  // Not before "load": a video without a picture yet would hold that event up.
  if (window.RTCPeerConnection) document.readyState === 'complete' ? start() : addEventListener('load', () => start());
  else show('error', 'This browser cannot play live video.', 'WebRTC is missing or switched off.');
})();
