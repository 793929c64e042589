// SPDX-License-Identifier: LGPL-2.1-or-later
// common.js – what all pages do alike: trying again, saying why, keeping the screen on.
'use strict';
const viaPage = (() => {
  // From the part of the address that browsers send to nobody.
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
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
    : detail.includes('max-per-address') ? 'All places for this address are taken.'
      : detail.includes('hub') ? 'The room is closed at the moment.' : 'The server is busy.';

  const doing = { watch: 'watching', publish: 'publishing', join: 'taking part', stats: 'statistics' };

  // Why who wanted to @what ("watch", "publish", "join", "stats") did not get in, by @error: headline, detail, and whether it
  // is tried again, after how many seconds at least.
  function why(error, what) {
    const again = (headline, after = error.after) => ({ isAgain: true, headline, detail: '', after });
    const never = (headline, detail) => ({ isAgain: false, headline, detail });
    const is = doing[what], Is = is[0].toUpperCase() + is.slice(1);
    switch (error.status) {
      case undefined:
        return again(error instanceof TypeError || error.name === 'AbortError' ? 'Cannot reach the server.' : 'The connection did not work.');
      case 401:
        return token ? never('This invitation is not valid.', 'The server does not know the token in this link, or its time is over. Ask for a new link.')
          : never(`${Is} here needs an invitation.`, 'Open the whole link you were sent.');
      case 403:
        return token && error.message.includes('token') ? never(`This invitation is not for ${is}.`, 'It is for something else on this server.')
          : never('The server does not let you in.', error.message);
      case 404: return again('There is nothing at this address.', 5);
      case 409: return again(what === 'publish' ? 'Somebody else is publishing under this name.' : 'Nobody is publishing here yet.');
      case 429: return again(error.message.includes('token') ? 'Too many invitations that are not valid came from here.' : 'The server is busy.');
      case 503: return again(busy(error.message));
      default: return never('The server cannot do this here.', error.message || `It answered ${error.status}.`);
    }
  }

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

  // Why getUserMedia () gave no @what ("camera and microphone", "microphone"): headline and what to do.
  function problem(error, what) {
    const them = what.replace(' and ', ' or ');
    switch (error.name) {
      case 'NotAllowedError': return ['Permission denied', `Allow ${what} for this page (in the address bar or the browser’s settings), then try again.`];
      case 'NotFoundError': return [`No ${what.replace(' and ', ' and no ')}`, 'Connect one, then try again.'];
      case 'NotReadableError': return [`The ${them} cannot be used`, 'Perhaps another program has it. Close that, then try again.'];
      default: return [`The ${them} cannot be used`, error.message || error.name];
    }
  }

  const mayCapture = () => window.isSecureContext && !!navigator.mediaDevices;
  // Why there is no @what if mayCapture () is false: headline and what to do.
  const needsHttps = (what, isAll) => [isAll ? 'This page needs HTTPS.' : 'Without HTTPS you can only watch.', location.protocol === 'https:'
    ? `The browser gives no ${what} to this page.`
    : `Browsers give ${what} to secure pages only: open this one by https://, or on the server’s own machine by http://127.0.0.1.`];

  return { token, Retry, busy, why, follow, keepAwake, problem, mayCapture, needsHttps };
})();
