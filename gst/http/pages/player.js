// SPDX-License-Identifier: LGPL-2.1-or-later
// player.js – the stage of the pages that show a stream: is there a picture, is there sound, and what is said of it.
'use strict';
const viaPlayer = (() => {
  const STILL_MS = 3000; // no new frame this long: say so

  const $ = (id) => document.getElementById(id);
  const video = $('video');
  const short = {
    connecting: 'Connecting', waiting: 'Connected', playing: 'Live', 'sound-only': 'Live, sound only',
    stalled: 'Paused', retrying: 'Reconnecting', error: 'Not available',
  };

  let hasSound = false;
  let onMuted = () => {}; // of what else plays

  function updateButtons() {
    const state = document.body.dataset.state;
    const on = state === 'playing' || state === 'stalled' || state === 'sound-only';
    $('sound-call').hidden = !(on && hasSound && video.muted);
    $('mute').hidden = !(on && hasSound && !video.muted);
    $('full').hidden = !(on && state !== 'sound-only' && (document.fullscreenEnabled || video.webkitEnterFullscreen));
    if (!on) $('facts').textContent = '';
  }

  function show(state, headline, detail = '') {
    document.body.dataset.state = state;
    $('short').textContent = short[state];
    if ($('headline').textContent !== headline) $('headline').textContent = headline;
    if ($('detail').textContent !== detail) $('detail').textContent = detail;
    $('retry').hidden = state !== 'retrying' && state !== 'error';
    updateButtons();
  }

  // Looks twice a second, once connected, at what comes on @pc until stop ().
  class Look {
    constructor(pc) {
      Object.assign(this, { pc, frames: 0, sound: 0, moved: 0, heard: 0, since: performance.now(), measured: 0, bytes: 0 });
      hasSound = false;
      this.timer = setInterval(() => this.look().catch(() => {}), 500);
    }

    stop() {
      clearInterval(this.timer);
      this.over = true;
    }

    async look() {
      const stats = [...(await this.pc.getStats()).values()];
      if (this.over || this.pc.connectionState !== 'connected') return;
      const now = performance.now();
      const inbound = (kind) => stats.filter((x) => x.type === 'inbound-rtp' && x.kind === kind);
      const sum = (list, member) => list.reduce((n, x) => n + (x[member] || 0), 0);
      const v = inbound('video'), a = inbound('audio');
      const frames = sum(v, 'framesDecoded'), sound = sum(a, 'packetsReceived');
      if (frames > this.frames) this.moved = now;
      if (sound > this.sound) this.heard = now;
      hasSound = hasSound || sound > this.sound;
      Object.assign(this, { frames, sound });
      this.judge(now);
      if (now - this.measured >= 1900) this.tell(stats, v.find((x) => x.framesDecoded) || v[0], sum([...v, ...a], 'bytesReceived'), now);
    }

    judge(now) {
      const moving = this.moved && now - this.moved < STILL_MS;
      const sounding = this.heard && now - this.heard < STILL_MS;
      if (moving) show('playing', 'Playing');
      else if (sounding && this.moved) show('playing', 'The picture stands still, the sound goes on.');
      else if (sounding && now - this.since > STILL_MS) show('sound-only', 'Sound only', 'Nobody is sending a picture.');
      else if (this.moved || this.heard) {
        if (!sounding) show('stalled', 'The stream has paused.', 'It goes on here as soon as someone is publishing again.');
      } else if (now - this.since > 1500) show('waiting', 'Nobody is publishing yet.', 'You are connected. The picture appears here by itself.');
    }

    tell(stats, v, bytes, now) {
      const parts = [];
      if (v && v.frameWidth) parts.push(`${v.frameWidth}×${v.frameHeight}`);
      const codec = v && stats.find((x) => x.id === v.codecId);
      if (codec) parts.push(codec.mimeType.split('/')[1]);
      if (this.measured) parts.push(`${((bytes - this.bytes) * 8e-3 / (now - this.measured)).toFixed(1)} Mb/s`);
      Object.assign(this, { measured: now, bytes });
      if (document.body.dataset.state === 'playing') $('facts').textContent = parts.join(' · ');
    }
  }

  function setMuted(muted) {
    video.muted = muted;
    onMuted(muted);
    $('mute').setAttribute('aria-pressed', String(muted));
    video.play().catch(() => {
      video.muted = true;
      onMuted(true);
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

  return { Look, show, video, whenMuted: (func) => { onMuted = func; } };
})();
