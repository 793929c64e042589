// SPDX-License-Identifier: LGPL-2.1-or-later
// conference.js – a room of the server: everybody's picture, sound and name; comes back by itself.
'use strict';
(() => {
  const RATIO = 16 / 9;
  const NEWS_MS = 4000;

  const $ = (id) => document.getElementById(id);
  const query = new URLSearchParams(location.search);

  let stream = null; // camera and microphone
  let shared = null; // the screen
  let room = null; // the present membership
  let wanted = false; // Join was pressed, Leave was not
  let opening = 0; // counts calls of open (): only the last one matters
  let iceServers = [];
  let newsTimer = 0;
  let comesBack = remember('via-in-room') === 'yes'; // reloaded in the room: join by itself
  const muted = { audio: false, video: false };
  const tiles = new Map(); // peer id → its tile

  const short = { asking: 'Not in the room', ready: 'Not in the room', connecting: 'Joining', live: 'In the room', unstable: 'Unstable', retrying: 'Reconnecting', error: 'Not in the room' };

  // What this tab knows of before it was reloaded; with @value, from now on.
  function remember(key, value) {
    try {
      if (value === undefined) return sessionStorage.getItem(key);
      sessionStorage.setItem(key, value);
    } catch { /* not allowed here */ }
    return null;
  }

  const text = (element, value) => { if (element.textContent !== value) element.textContent = value; };

  function show(state, headline, detail = '') {
    document.body.dataset.state = state;
    document.body.classList.toggle('in-room', wanted);
    const n = tiles.size + 1;
    text($('short'), state === 'live' && n > 1 ? `${n} in the room` : short[state]);
    text($('headline'), headline);
    text($('detail'), detail);
    $('retry').hidden = state !== 'error' || !viaPage.mayCapture();
    $('controls').hidden = !wanted;
    if (wanted) strip(state === 'live' ? '' : `${headline} ${detail}`.trim(), true);
    else strip('');
    updateButtons();
  }

  // What stands over the tiles: why we wait, or who came.
  function strip(words, isWaiting = false) {
    clearTimeout(newsTimer);
    $('strip').hidden = !words;
    $('strip').classList.toggle('is-news', !isWaiting);
    text($('strip-text'), words);
    if (words && isWaiting) text($('news'), words);
  }

  function tellNews(words) {
    text($('news'), words);
    strip(words);
    newsTimer = setTimeout(() => strip(''), NEWS_MS);
  }

  const track = (kind) => (stream && stream.getTracks().find((t) => t.kind === kind && t.readyState === 'live')) || null;
  const sends = (kind) => kind === 'video' && shared ? shared.getVideoTracks()[0] : track(kind);
  const isOn = (kind) => !!sends(kind) && (!muted[kind] || (kind === 'video' && !!shared));

  // --- camera and microphone ---

  async function capture() {
    const camera = viaDevices.chosen($('camera'));
    const want = { video: !muted.video && camera && { ...camera, width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30 } }, audio: viaDevices.chosen($('microphone')) };
    const { video: cameras, audio: microphones } = await viaDevices.list();
    const isAny = (cameras.length && want.video) || (microphones.length && want.audio);
    if (!isAny && (cameras.length || microphones.length)) return new MediaStream(); // so one chose
    return viaDevices.capture(want, () => { $('camera').value = $('microphone').value = ''; });
  }

  function fill(select, devices, kind, none) {
    const now = track(kind);
    viaDevices.fill(select, devices, now, select.value === viaDevices.NONE || (!now && !!stream), none);
  }

  async function list() {
    const { video: cameras, audio: microphones } = await viaDevices.list();
    fill($('camera'), cameras, 'video', 'No camera');
    fill($('microphone'), microphones, 'audio', 'No microphone');
  }

  const stopTracks = viaDevices.stop;

  const missing = () => !track('video') && !track('audio') ? 'You see and hear the others; they neither see nor hear you.'
    : !track('video') ? 'Without a picture: the others only hear you.'
      : !track('audio') ? 'Without sound: the others only see you.' : '';

  async function open() {
    const turn = ++opening;
    stopTracks(stream);
    stream = null;
    if (!wanted) show('asking', 'May this page use camera and microphone?', 'Your browser is asking you.');
    let got = new MediaStream(), problem = null;
    try {
      got = await capture();
    } catch (error) {
      problem = viaPage.problem(error, 'camera and microphone');
    }
    if (turn !== opening) { // chosen again meanwhile
      stopTracks(got);
      return;
    }
    stream = got;
    for (const t of stream.getTracks()) t.addEventListener('ended', () => stream === got && lostTrack(t));
    for (const t of stream.getAudioTracks()) t.enabled = !muted.audio;
    await list().catch(() => {});
    send();
    if (problem && !wanted) show('error', ...problem);
    else if (!wanted) ready();
  }

  function ready() {
    show('ready', 'Ready to join', missing());
    if (comesBack && $('name').value) join();
    comesBack = false;
  }

  // Other tracks, perhaps: to the room and to the own tile.
  function send() {
    if (room) {
      for (const kind of ['audio', 'video']) room.replace(kind, sends(kind)).catch(() => {});
      room.tell(isOn('audio'), isOn('video'));
    }
    const picture = sends('video'), own = $('own');
    if ($('video').viaTrack !== picture) {
      $('video').viaTrack = picture;
      $('video').srcObject = picture ? new MediaStream([picture]) : null;
    }
    own.classList.toggle('has-picture', isOn('video'));
    own.classList.toggle('is-muted', !isOn('audio'));
    own.classList.toggle('shares', !!shared);
    updateButtons();
  }

  function lostTrack(t) {
    tellNews(t.kind === 'video' ? 'Your camera has stopped.' : 'Your microphone has stopped.');
    send();
  }

  // --- the others ---

  const initials = (name) => name.split(/\s+/).map((w) => [...w][0] || '').slice(0, 2).join('').toUpperCase();
  const hue = (name) => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);

  function makeTile(peer) {
    const tile = $('own').cloneNode(true), video = tile.querySelector('video');
    tile.classList.remove('own', 'shares', 'has-picture');
    tile.removeAttribute('id');
    tile.dataset.peer = peer.id;
    video.removeAttribute('id');
    video.srcObject = new MediaStream();
    video.muted = false;
    $('tiles').append(tile);
    return tile;
  }

  function setFace(tile, name) {
    text(tile.querySelector('.face'), initials(name));
    tile.style.setProperty('--hue', hue(name));
  }

  function play(video) {
    if (!video.srcObject.getTracks().length) return;
    video.play().catch((error) => {
      if (error.name === 'NotAllowedError') $('sound').hidden = false;
    });
  }

  // The stream of @tile has the tracks @mids name, and no others.
  function setTracks(tile, peer) {
    const video = tile.querySelector('video'), had = video.srcObject;
    const want = peer.tracks.map((t) => room.track(t.mid)).filter(Boolean);
    const gone = had.getTracks().filter((t) => !want.includes(t)), come = want.filter((t) => !had.getTracks().includes(t));
    for (const t of gone) had.removeTrack(t);
    for (const t of come) had.addTrack(t);
    if (come.length) play(video);
    tile.classList.toggle('has-picture', peer.video && had.getVideoTracks().length > 0);
  }

  function fillTile(tile, peer) {
    text(tile.querySelector('.name'), peer.name);
    setFace(tile, peer.name);
    tile.querySelector('video').setAttribute('aria-label', `Picture of ${peer.name}`);
    tile.classList.toggle('is-muted', !peer.audio);
    tile.classList.toggle('speaks', peer.speaking);
    tile.setAttribute('aria-label', peer.name + (peer.speaking ? ', speaking' : '') + (peer.audio ? '' : ', muted') + (peer.video ? '' : ', camera off'));
    setTracks(tile, peer);
  }

  function onPeers(peers) {
    const came = [], left = [], isFirst = !tiles.size;
    for (const [id, tile] of tiles) {
      if (peers.some((p) => p.id === id)) continue;
      left.push(tile.querySelector('.name').textContent);
      tile.querySelector('video').srcObject = null;
      tile.remove();
      tiles.delete(id);
    }
    for (const peer of peers) {
      if (!tiles.has(peer.id)) {
        tiles.set(peer.id, makeTile(peer));
        came.push(peer.name);
      }
      fillTile(tiles.get(peer.id), peer);
    }
    if (document.body.dataset.state === 'live' && (came.length || left.length)) {
      const parts = [];
      if (came.length && !(isFirst && came.length > 1)) parts.push(`${came.join(', ')} joined.`);
      if (left.length) parts.push(`${left.join(', ')} left.`);
      if (parts.length) tellNews(parts.join(' '));
      text($('short'), tiles.size ? `${tiles.size + 1} in the room` : short.live);
    }
    layout();
  }

  function clearTiles() {
    for (const tile of tiles.values()) {
      tile.querySelector('video').srcObject = null;
      tile.remove();
    }
    tiles.clear();
    layout();
  }

  // As many columns as make the pictures largest.
  function layout() {
    const n = tiles.size + 1, box = $('tiles').getBoundingClientRect();
    let best = 1, area = 0;
    for (let c = 1; c <= n; c++) {
      const width = Math.min(box.width / c, box.height / Math.ceil(n / c) * RATIO);
      if (width * width / RATIO > area * 1.02) {
        area = width * width / RATIO;
        best = c;
      }
    }
    $('tiles').style.setProperty('--columns', best);
  }

  // --- the room ---

  const retry = new viaPage.Retry(connect, (headline, detail) => show('retrying', headline, detail));
  const awake = viaPage.keepAwake(() => wanted);

  function drop() {
    if (room) room.leave();
    room = null;
  }

  function connect() {
    retry.stop();
    drop();
    if (!wanted) return;
    show('connecting', retry.attempt ? 'Joining again…' : 'Joining…');
    const who = { name: $('name').value.trim() || 'Guest', appData: query.get('app-data'), audio: isOn('audio'), video: isOn('video') };
    const one = room = new viaRoom.Room(who, { audio: sends('audio'), video: sends('video') }, iceServers, {
      joined() {
        retry.succeeded();
        show('live', 'You are in the room', missing());
        onPeers(one.peers);
      },
      unstable: () => show('unstable', 'The connection is unstable…'),
      peers: (peers) => room === one && onPeers(peers),
      lost(headline, after) {
        clearTiles();
        retry.later(headline, after);
      },
      refused(headline, detail) {
        leave();
        show('error', headline, detail);
      },
    });
  }

  function leave() {
    wanted = false;
    remember('via-in-room', 'no');
    retry.stop();
    drop();
    clearTiles();
    stopShare();
    awake.release();
    $('sound').hidden = true;
    show('ready', 'You have left the room', missing());
  }

  // --- the person ---

  function press(button, isPressed, words) {
    button.setAttribute('aria-pressed', String(isPressed));
    text(button.querySelector('span'), words);
    button.title = words;
  }

  function updateButtons() {
    const camera = !!track('video');
    $('mute').disabled = !track('audio');
    press($('mute'), muted.audio, muted.audio ? 'Unmute' : 'Mute');
    $('stop-camera').disabled = !camera && !muted.video;
    press($('stop-camera'), muted.video, muted.video ? 'Camera on' : 'Camera off');
    $('screen').hidden = !(navigator.mediaDevices && navigator.mediaDevices.getDisplayMedia);
    press($('screen'), !!shared, shared ? 'Stop sharing' : 'Share screen');
  }

  function stopShare() {
    stopTracks(shared);
    shared = null;
    send();
  }

  async function share() {
    let got;
    try {
      got = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } } });
    } catch { // the person did not want to
      return;
    }
    if (!wanted) {
      stopTracks(got);
      return;
    }
    const [picture] = got.getVideoTracks();
    shared = got;
    picture.contentHint = 'detail';
    picture.addEventListener('ended', () => shared === got && stopShare());
    send();
  }

  function join() {
    wanted = true;
    retry.succeeded();
    remember('via-in-room', 'yes');
    try {
      localStorage.setItem('via-name', $('name').value.trim());
    } catch { /* not allowed here */ }
    awake.ask();
    connect();
  }

  $('panel').addEventListener('submit', (e) => {
    e.preventDefault();
    join();
    $('mute').focus();
  });
  $('mute').addEventListener('click', () => {
    muted.audio = !muted.audio;
    if (track('audio')) track('audio').enabled = !muted.audio;
    send();
  });
  $('stop-camera').addEventListener('click', () => {
    muted.video = !muted.video;
    if (!muted.video) {
      open();
      return;
    }
    const t = track('video'); // its light goes out
    if (t) {
      t.stop();
      stream.removeTrack(t);
    }
    send();
  });
  $('screen').addEventListener('click', () => shared ? stopShare() : share());
  $('leave').addEventListener('click', () => {
    leave();
    $('go').focus();
  });
  $('sound').addEventListener('click', () => {
    $('sound').hidden = true;
    for (const tile of tiles.values()) play(tile.querySelector('video'));
  });
  for (const id of ['camera', 'microphone']) $(id).addEventListener('change', open);
  $('retry').addEventListener('click', open);
  $('name').addEventListener('input', () => setFace($('own'), $('name').value.trim() || 'You'));
  addEventListener('resize', layout);
  addEventListener('online', () => wanted && (!room || room.over) && connect());
  addEventListener('pagehide', () => {
    retry.stop();
    drop();
  });
  addEventListener('pageshow', (e) => e.persisted && wanted && connect());

  try {
    $('name').value = query.get('name') || localStorage.getItem('via-name') || '';
  } catch { /* not allowed here */ }
  setFace($('own'), $('name').value || 'You');
  layout();
  viaWish.iceServersOf(new URL('whep', location.href)).then((servers) => { iceServers = servers; });
  if (!window.RTCPeerConnection || !window.WebSocket) {
    show('error', 'This browser cannot take part.', 'WebRTC is missing or switched off.');
    $('go').disabled = true;
  } else if (!viaPage.mayCapture()) {
    show('error', ...viaPage.needsHttps('camera and microphone', false));
    for (const id of ['camera', 'microphone']) // there is nothing to choose
      for (const element of [$(id), document.querySelector(`label[for=${id}]`)]) element.hidden = true;
    send();
    if (comesBack && $('name').value) join();
  } else {
    navigator.mediaDevices.addEventListener('devicechange', () => list().catch(() => {}));
    open();
  }
})();
