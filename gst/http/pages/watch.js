// SPDX-License-Identifier: LGPL-2.1-or-later
// watch.js – plays this server's stream by WHEP; says in plain words what is going on; comes back by itself.
'use strict';
(() => {
  const { show, video } = viaPlayer;
  const endpoint = new URL('whep' + location.search, location.href);

  let session = null; // the present try, an object of its own

  function end(s) {
    if (!s || s.over) return;
    if (s.look) s.look.stop();
    if (s.choice) s.choice.stop();
    s.end();
    if (session === s) session = null;
  }

  const retry = new viaPage.Retry(start, (headline, detail) => show('retrying', headline, detail));

  function again(headline, after) {
    end(session);
    retry.later(headline, after);
  }

  function explain(error) {
    const why = viaPage.why(error, 'watch');
    if (why.isAgain) return again(why.headline, why.after);
    end(session);
    return show('error', why.headline, why.detail);
  }

  const watchState = (s) => viaPage.follow(s.pc, () => s.over, {
    connected() {
      retry.succeeded();
      if (!s.look) s.look = new viaPlayer.Look(s.pc);
    },
    unstable: () => show('stalled', 'The connection is unstable…'),
    lost: (headline) => again(headline),
  });

  async function start() {
    retry.stop();
    end(session);
    show('connecting', retry.attempt ? 'Connecting again…' : 'Connecting…');
    const s = session = new viaWish.Session(endpoint);
    const stream = new MediaStream();
    for (const kind of ['video', 'audio']) stream.addTrack(s.pc.addTransceiver(kind, { direction: 'recvonly' }).receiver.track);
    video.srcObject = stream;
    watchState(s);
    try {
      if (!await s.connect(() => again('The stream has ended.'))) return;
      if (s.events && s.layer) s.choice = new viaChoice.Choice(s.events, s.layer);
      video.play().catch(() => {});
    } catch (error) {
      if (!s.over) explain(error);
    }
  }

  document.getElementById('retry').addEventListener('click', start);
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
