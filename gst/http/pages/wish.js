// SPDX-License-Identifier: LGPL-2.1-or-later
// wish.js – what the pages share of WHIP and WHEP: offer, answer, trickle, goodbye.
'use strict';
const viaWish = (() => {
  const GATHER_MS = 500; // then the offer goes; later candidates follow by PATCH
  const ANSWER_MS = 10000;
  const SERVERS_MS = 2000;

  const { token } = viaPage;
  const withToken = (headers) => (token ? { ...headers, Authorization: `Bearer ${token}` } : headers);

  const within = (promise, ms) => Promise.race([promise, new Promise((done) => setTimeout(done, ms))]);

  const gathered = (pc) => new Promise((done) => {
    const look = () => pc.iceGatheringState === 'complete' && done();
    pc.addEventListener('icegatheringstatechange', look);
    look();
  });

  // Chromium sends and plays Opus in stereo only if the description says so.
  const withStereo = (sdp) => {
    const opus = /a=rtpmap:(\d+) opus\/48000\/2/i.exec(sdp);
    return opus ? sdp.replace(new RegExp(`a=fmtp:${opus[1]} (?!.*stereo=1).*`), '$&;stereo=1') : sdp;
  };

  // What Link headers say (RFC 8288), joined by commas or not: objects of their parameters, and url.
  const linksIn = (links) => {
    const found = [];
    for (const [, urls, rest] of links.matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+=(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))*)/g)) {
      const has = {};
      for (const [, name, quoted, plain] of rest.matchAll(/;\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*))/g))
        has[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
      found.push({ ...has, url: urls });
    }
    return found;
  };

  // RFC 9725 §4.6
  const iceServersIn = (links) => linksIn(links).filter((l) => l.rel === 'ice-server')
    .map(({ url: urls, username, credential }) => (username === undefined ? { urls } : { urls, username, credential }));

  // Of the WHEP extension @name; null: there is none. A proxy may have changed scheme and host: keep to ours.
  const extensionIn = (links, name, base) => {
    const link = linksIn(links).find((l) => l.rel === `urn:ietf:params:whep:ext:core:${name}`);
    return link ? new URL(new URL(link.url, base).pathname, location.origin) : null;
  };

  async function iceServersOf(endpoint) {
    try {
      const response = await fetch(endpoint, { method: 'OPTIONS', headers: withToken({}), cache: 'no-store', signal: AbortSignal.timeout(SERVERS_MS) });
      return iceServersIn(response.headers.get('Link') || '');
    } catch {
      return []; // whoever is not there will not answer the offer either
    }
  }

  // The server's "no": its status, its reason, and when to come back (seconds).
  class Refusal extends Error {
    constructor(status, detail, after) {
      super(detail);
      this.status = status;
      this.after = after;
    }
  }

  async function refusalOf(response) {
    let detail = '';
    try {
      detail = (await response.json()).detail || '';
    } catch { /* some other server's error */ }
    return new Refusal(response.status, detail, Number(response.headers.get('Retry-After')) || 0);
  }

  class Session {
    constructor(endpoint) {
      this.endpoint = endpoint;
      this.url = null; // of the session, while the server knows us
      this.over = false;
      this.early = []; // candidates the server has not got yet
      this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      this.pc.addEventListener('icecandidate', (e) => {
        if (!e.candidate || !e.candidate.candidate) return;
        this.early.push(e.candidate);
        this.trickle();
      });
    }

    // Sets the local description; resolves when the offer may go.
    async describe() {
      const [offer, iceServers] = await Promise.all([this.pc.createOffer(), iceServersOf(this.endpoint)]);
      if (this.over) return;
      if (iceServers.length) this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers });
      try {
        await this.pc.setLocalDescription({ type: 'offer', sdp: withStereo(offer.sdp) });
      } catch {
        await this.pc.setLocalDescription(offer);
      }
      await within(gathered(this.pc), GATHER_MS);
    }

    // The answer to the offer; throws Refusal, TypeError (no network) or AbortError.
    async post() {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(), ANSWER_MS);
      try {
        const sent = this.pc.localDescription.sdp;
        this.early.length = 0; // they are in the offer
        const response = await fetch(this.endpoint, {
          method: 'POST', headers: withToken({ 'Content-Type': 'application/sdp' }), body: sent, signal: abort.signal, cache: 'no-store',
        });
        if (!response.ok) throw await refusalOf(response);
        const where = response.headers.get('Location');
        // a proxy may have changed scheme and host: keep to ours
        if (where) this.url = new URL(new URL(where, this.endpoint).pathname, location.origin);
        const links = response.headers.get('Link') || '';
        this.events = extensionIn(links, 'server-sent-events', this.endpoint);
        this.layer = extensionIn(links, 'layer', this.endpoint);
        if (this.over) this.leave(); // closed while the answer was under way
        return await response.text();
      } finally {
        clearTimeout(timer);
      }
    }

    // Offer, answer; @onGoodbye is called when the server ends the session. FALSE: ended meanwhile.
    async connect(onGoodbye) {
      await this.describe();
      if (this.over) return false;
      const answer = await this.post();
      if (this.over) return false;
      await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
      const [sender] = this.pc.getSenders(), [receiver] = this.pc.getReceivers();
      const dtls = (sender && sender.transport) || (receiver && receiver.transport);
      if (dtls) dtls.addEventListener('statechange', () => dtls.state === 'closed' && !this.over && onGoodbye());
      this.trickle();
      return true;
    }

    trickle() {
      if (!this.url || !this.pc.remoteDescription || !this.early.length) return;
      const sdp = this.pc.localDescription.sdp;
      const line = (name) => (new RegExp(`^a=${name}:.*$`, 'm').exec(sdp) || [''])[0].trim();
      let text = `${line('ice-ufrag')}\r\n${line('ice-pwd')}\r\n`;
      for (const c of this.early) text += `m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:${c.sdpMid}\r\na=${c.candidate}\r\n`;
      this.early.length = 0;
      fetch(this.url, {
        method: 'PATCH', headers: withToken({ 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' }), body: text,
      }).catch(() => {});
    }

    leave() {
      if (!this.url) return;
      fetch(this.url, { method: 'DELETE', headers: withToken({}), keepalive: true }).catch(() => {});
      this.url = null;
    }

    end() {
      this.over = true;
      this.pc.close();
      this.leave();
    }
  }

  return { Session, Refusal, refusalOf, withToken, iceServersOf };
})();
