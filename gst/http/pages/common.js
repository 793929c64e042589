// SPDX-License-Identifier: LGPL-2.1-or-later
// common.js – what all pages do alike: trying again, saying why, keeping the screen on.
'use strict';
const viaPage = (() => {
  const CONNECT_MS = 15000;
  const UNSTABLE_MS = 5000; // "disconnected" this long: start again
  const RETRY_S = [1, 2, 4, 8, 15];

  // Starts again by itself, later and later. @show (headline, detail) says so each second.
  class Retry {
    constructor(start, show) {
      Object.assign(this, { start, show, attempt: 0, timer: 0 });
    }

    // After @after seconds at the earliest.
    later(headline, after = 0) {
      const base = Math.max(RETRY_S[Math.min(this.attempt, RETRY_S.length - 1)], after);
      let left = Math.ceil(base * (0.8 + 0.4 * Math.random()));
      this.attempt++;
      this.stop();
      const tick = () => {
        if (left <= 0) {
          this.stop();
          this.start();
          return;
        }
        this.show(headline, `Trying again in ${left} s.`);
        left--;
      };
      this.timer = setInterval(tick, 1000);
      tick();
    }

    stop() {
      clearInterval(this.timer);
    }

    // It worked: the next failure is the first.
    succeeded() {
      this.attempt = 0;
    }
  }

  // What a server that takes nobody in now means by @detail.
  const busy = (detail) => detail.includes('max-peers') ? 'All places are taken.'
    : detail.includes('hub') ? 'The room is closed at the moment.' : 'The server is busy.';

  // Watches the connection @pc: on.connected (), on.unstable (), on.lost (headline), on.connecting ().
  function follow(pc, isOver, on) {
    let timer = 0, was = false;
    const failed = 'The media connection could not be made.';
    const look = () => {
      clearTimeout(timer);
      if (isOver()) return;
      switch (pc.connectionState) {
        case 'connected':
          was = true;
          on.connected();
          break;
        case 'disconnected':
          on.unstable();
          timer = setTimeout(() => isOver() || on.lost('Connection lost.'), UNSTABLE_MS);
          break;
        case 'failed':
        case 'closed':
          on.lost(was ? 'Connection lost.' : failed);
          break;
        default:
          timer = setTimeout(() => isOver() || on.lost(failed), CONNECT_MS);
      }
    };
    pc.addEventListener('connectionstatechange', look);
  }

  // Keeps the screen on while @isWanted () holds.
  function keepAwake(isWanted) {
    let lock = null;
    const ask = async () => {
      if (lock || !isWanted() || !navigator.wakeLock || document.visibilityState !== 'visible') return;
      try {
        lock = await navigator.wakeLock.request('screen');
        lock.addEventListener('release', () => { lock = null; });
      } catch { /* not now */ }
    };
    document.addEventListener('visibilitychange', ask);
    return { ask, release: () => lock && lock.release() };
  }

  // Why getUserMedia () failed: headline and what to do.
  const problems = {
    NotAllowedError: ['Permission denied', 'Allow camera and microphone for this page (in the address bar or the browser’s settings), then try again.'],
    NotFoundError: ['No camera and no microphone', 'Connect one, then try again.'],
    NotReadableError: ['The camera or microphone cannot be used', 'Perhaps another program has it. Close that, then try again.'],
  };
  const problem = (error) => problems[error.name] || ['Camera and microphone cannot be used', error.message || error.name];
  const NEEDS_HTTPS = 'Browsers give camera and microphone to secure pages only: open this one by https://, or on the server’s own machine by http://127.0.0.1.';
  const mayCapture = () => window.isSecureContext && !!navigator.mediaDevices;

  return { Retry, busy, follow, keepAwake, problem, mayCapture, NEEDS_HTTPS };
})();
