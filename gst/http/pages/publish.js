// SPDX-License-Identifier: LGPL-2.1-or-later
// publish.js – sends this device's camera and microphone by WHIP; says in plain words what is missing; comes back by itself.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const video = $('video');

  let stream = null; // camera and microphone
  let session = null; // the present try
  let wanted = false; // Start was pressed, Stop was not
  let opening = 0; // counts calls of open (): only the last one matters
  let meter = null;

  const short = {
    asking: 'Not live', ready: 'Not live', connecting: 'Connecting', live: 'Live',
    unstable: 'Unstable', retrying: 'Reconnecting', error: 'Not live',
  };

  function show(state, headline, detail = '') {
    document.body.dataset.state = state;
    document.body.classList.toggle('has-picture', !!track('video'));
    $('short').textContent = short[state];
    if ($('headline').textContent !== headline) $('headline').textContent = headline;
    if ($('detail').textContent !== detail) $('detail').textContent = detail;
    $('retry').hidden = state !== 'error' || !viaPage.mayCapture();
    $('go').textContent = wanted ? 'Stop' : 'Start';
    $('go').classList.toggle('stop', wanted);
    $('go').disabled = !wanted && !stream;
    $('name').disabled = wanted;
    if (state !== 'live') $('facts').textContent = '';
  }

  const track = (kind) => stream && stream.getTracks().find((t) => t.kind === kind && t.readyState === 'live');

  // --- camera and microphone ---

  function capture() {
    const [width, height] = $('size').value.split('x').map(Number);
    const camera = viaDevices.chosen($('camera'));
    return viaDevices.capture({
      video: camera && { ...camera, width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 } },
      audio: viaDevices.chosen($('microphone')),
    }, () => { $('camera').value = $('microphone').value = ''; });
  }

  function fill(select, devices, kind, none) {
    const now = track(kind);
    viaDevices.fill(select, devices, now, select.value === viaDevices.NONE || !now, none);
  }

  async function list() {
    const { video: cameras, audio: microphones } = await viaDevices.list();
    fill($('camera'), cameras, 'video', 'No camera');
    fill($('microphone'), microphones, 'audio', 'No microphone');
  }

  function stopTracks() {
    viaDevices.stop(stream);
    stream = null;
    video.srcObject = null;
  }

  // Opens what is chosen; a running session goes on with it.
  async function open() {
    const turn = ++opening;
    stopTracks();
    if (!wanted) show('asking', 'May this page use camera and microphone?', 'Your browser is asking you.');
    let got;
    try {
      got = await capture();
    } catch (error) {
      if (turn !== opening) return;
      const [headline, detail] = viaPage.problem(error, 'camera and microphone');
      stop();
      show('error', headline, detail);
      return;
    }
    if (turn !== opening) { // chosen again meanwhile
      viaDevices.stop(got);
      return;
    }
    stream = got;
    for (const t of stream.getTracks()) t.addEventListener('ended', () => stream === got && lostTrack(t));
    video.srcObject = stream;
    video.play().catch(() => {});
    listen();
    await list().catch(() => {});
    if (wanted) swap();
    else ready();
  }

  const missing = () => !track('video') ? 'Without a picture: sound only.' : !track('audio') ? 'Without sound: picture only.' : '';

  function ready() {
    show('ready', 'Ready', `Nobody sees you before you press Start. ${missing()}`.trim());
  }

  function lostTrack(t) {
    const rest = stream.getTracks().some((x) => x.readyState === 'live');
    const what = t.kind === 'video' ? 'The camera' : 'The microphone';
    if (rest) {
      if (!wanted) ready();
      $('facts').textContent = `${what} has stopped.`;
    } else {
      stop();
      stopTracks();
      show('error', `${what} has stopped.`, 'Connect it again, then try again.');
    }
  }

  // How loud the microphone is.
  function listen() {
    if (meter) meter.close().catch(() => {});
    meter = null;
    $('level').value = 0;
    if (!track('audio') || !window.AudioContext) return;
    const context = meter = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      if (context !== meter) {
        clearInterval(timer);
        return;
      }
      analyser.getFloatTimeDomainData(wave);
      const mean = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
      $('level').value = Math.min(1, Math.max(0, 1 + Math.log10(mean + 1e-6) / 2.5));
    }, 100);
  }

  // --- publishing ---

  function endpoint() {
    const url = new URL('whip', location.href);
    if ($('name').value.trim()) url.searchParams.set('app-data', $('name').value.trim());
    return url;
  }

  function end(s) {
    if (!s || s.over) return;
    clearInterval(s.watch);
    s.end();
    if (session === s) session = null;
  }

  const retry = new viaPage.Retry(connect, (headline, detail) => show('retrying', headline, detail));
  const awake = viaPage.keepAwake(() => wanted);

  function again(headline, after) {
    end(session);
    retry.later(headline, after);
  }

  function explain(error) {
    const why = viaPage.why(error, 'publish');
    if (why.isAgain) return again(why.headline, why.after);
    stop();
    return show('error', why.headline, why.detail);
  }

  const watchState = (s) => viaPage.follow(s.pc, () => s.over, {
    connected() {
      retry.succeeded();
      show('live', 'You are live', missing());
      if (!s.watch) s.watch = setInterval(() => facts(s), 2000);
    },
    unstable: () => show('unstable', 'The connection is unstable…'),
    lost: (headline) => again(headline),
  });

  async function connect() {
    retry.stop();
    end(session);
    if (!stream) return;
    show('connecting', retry.attempt ? 'Connecting again…' : 'Connecting…');
    const s = new viaWish.Session(endpoint());
    session = s;
    for (const kind of ['video', 'audio'])
      if (track(kind)) s.pc.addTransceiver(track(kind), { direction: 'sendonly', streams: [stream] });
    watchState(s);
    try {
      await s.connect(() => again('The server has ended the session.'));
    } catch (error) {
      if (!s.over) explain(error);
    }
  }

  // Other tracks in a running session; another set of kinds needs a new one.
  function swap() {
    const senders = session && !session.over ? session.pc.getSenders() : [];
    const kinds = (list) => list.filter(Boolean).map((t) => t.kind).sort().join();
    if (!senders.length || kinds(senders.map((x) => x.track)) !== kinds([track('video'), track('audio')])) {
      connect();
      return;
    }
    for (const sender of senders) sender.replaceTrack(track(sender.track.kind)).catch(() => connect());
    document.body.classList.toggle('has-picture', !!track('video'));
  }

  async function facts(s) {
    const stats = [...(await s.pc.getStats()).values()];
    if (s.over || document.body.dataset.state !== 'live') return;
    const now = performance.now(), parts = [];
    const out = stats.filter((x) => x.type === 'outbound-rtp');
    const v = out.find((x) => x.kind === 'video'), bytes = out.reduce((sum, x) => sum + x.bytesSent, 0);
    const codec = v && stats.find((x) => x.id === v.codecId);
    if (v && v.frameWidth) parts.push(`${v.frameWidth}×${v.frameHeight}`);
    if (codec) parts.push(codec.mimeType.split('/')[1]);
    if (s.measured) parts.push(`${((bytes - s.bytes) * 8e-3 / (now - s.measured)).toFixed(1)} Mb/s`);
    s.measured = now;
    s.bytes = bytes;
    $('facts').textContent = parts.join(' · ');
  }

  // --- the person ---

  function start() {
    wanted = true;
    retry.succeeded();
    awake.ask();
    connect();
  }

  function stop() {
    wanted = false;
    retry.stop();
    end(session);
    awake.release();
  }

  $('panel').addEventListener('submit', (e) => {
    e.preventDefault();
    if (meter) meter.resume();
    if (!wanted) {
      if (stream) start();
      return;
    }
    stop();
    if (stream) ready();
    else open();
  });
  for (const id of ['camera', 'microphone', 'size']) $(id).addEventListener('change', open);
  $('retry').addEventListener('click', open);
  addEventListener('online', () => wanted && !session && connect());
  addEventListener('pagehide', () => {
    retry.stop();
    end(session);
  });
  addEventListener('pageshow', (e) => e.persisted && wanted && connect());

  $('name').value = new URLSearchParams(location.search).get('app-data') || '';
  if (!window.RTCPeerConnection) {
    show('error', 'This browser cannot publish.', 'WebRTC is missing or switched off.');
  } else if (!viaPage.mayCapture()) {
    show('error', ...viaPage.needsHttps('camera and microphone', true));
  } else {
    navigator.mediaDevices.addEventListener('devicechange', () => (stream ? list().catch(() => {}) : wanted || open()));
    open();
  }
})();
