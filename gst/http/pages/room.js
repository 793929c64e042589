// SPDX-License-Identifier: LGPL-2.1-or-later
// room.js – one membership in the server's room: its WebSocket and its connection (docs/room-protocol.md).
'use strict';
const viaRoom = (() => {
  const OPEN_MS = 10000;

  // A browser does not say why it got no WebSocket. Who POSTs there is refused for the same reasons, else told 426.
  async function whyNot() {
    let response;
    try {
      response = await fetch('ws', { method: 'POST', headers: viaWish.withToken({}), cache: 'no-store' });
    } catch (error) {
      return viaPage.why(error, 'join');
    }
    return response.status === 426 ? { isAgain: true, headline: 'The connection did not work.' } : viaPage.why(await viaWish.refusalOf(response), 'join');
  }

  function address() {
    const url = new URL('ws' + location.search, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.hash = '';
    if (viaPage.token) url.searchParams.set('token', viaPage.token);
    return url;
  }

  // @on: joined (), peers (list), lost (headline, after), refused (headline, detail). None is called after leave ().
  class Room {
    // @who: { name, appData, audio, video }; @tracks: { audio, video }, each a track or null
    constructor(who, tracks, iceServers, on) {
      Object.assign(this, { who, tracks, on, over: false, peers: [], senders: {}, early: [] });
      this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
      this.pc.addEventListener('icecandidate', (e) => this.say({ type: 'candidate', candidate: e.candidate }));
      viaPage.follow(this.pc, () => this.over, {
        connected: () => on.joined(),
        unstable: () => on.unstable(),
        lost: (headline) => this.lose(headline),
      });
      this.turn = Promise.resolve(); // offers and candidates, one after the other
      this.socket = new WebSocket(address());
      this.timer = setTimeout(() => this.lose('Cannot reach the server.'), OPEN_MS);
      this.socket.addEventListener('open', () => this.join());
      this.socket.addEventListener('message', (e) => this.hear(JSON.parse(e.data)));
      this.socket.addEventListener('close', () => (this.has ? this.lose('Connection lost.') : this.explainClosed()));
    }

    join() {
      clearTimeout(this.timer);
      this.say({ type: 'join', name: this.who.name, 'app-data': this.who.appData || null, ...this.state() });
    }

    say(message) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    }

    hear(message) {
      if (this.over) return;
      switch (message.type) {
        case 'offer':
          this.turn = this.turn.then(() => this.answer(message)).catch(() => this.lose('The connection did not work.'));
          break;
        case 'candidate':
          this.turn = this.turn.then(() => this.pc.addIceCandidate(message.candidate)).catch(() => {});
          break;
        case 'peers':
          this.has = true;
          this.peers = message.peers;
          this.on.peers(this.peers);
          break;
        case 'error':
          if (message.last) this.explain(message);
          break;
        case 'bye':
          this.lose('The room has been closed.');
      }
    }

    async explainClosed() {
      if (this.over) return;
      const why = await whyNot();
      if (why.isAgain) this.lose(why.headline, why.after);
      else this.refuse(why.headline, why.detail);
    }

    refuse(headline, detail) {
      if (this.over) return;
      this.leave();
      this.on.refused(headline, detail);
    }

    explain({ code, message }) {
      if (code === 'limit' && message.includes('(max-pe')) this.lose(viaPage.busy(message), 5);
      else if (code === 'state') this.lose(message.includes('hub') ? viaPage.busy(message) : 'Connection lost.');
      else this.refuse('The server does not take this.', message);
    }

    // Our tracks go where the first m-line of their kind is; all others only receive.
    place() {
      for (const transceiver of this.pc.getTransceivers()) {
        const kind = transceiver.receiver.track.kind;
        if (this.senders[kind]) continue;
        transceiver.direction = 'sendrecv'; // without a track too: one may come later
        this.senders[kind] = transceiver.sender;
        transceiver.sender.replaceTrack(this.tracks[kind]).catch(() => {});
      }
    }

    async answer(offer) {
      if (this.over) return;
      await this.pc.setRemoteDescription(offer);
      this.place();
      await this.pc.setLocalDescription();
      this.say(this.pc.localDescription.toJSON());
      this.on.peers(this.peers); // what has come is perhaps theirs
    }

    // The received track of m-line @mid; null if it is not there (yet).
    track(mid) {
      const transceiver = this.pc.getTransceivers().find((t) => t.mid === mid);
      return transceiver ? transceiver.receiver.track : null;
    }

    state() {
      return { audio: this.who.audio, video: this.who.video };
    }

    // Tells the others what is muted.
    tell(audio, video) {
      Object.assign(this.who, { audio, video });
      this.say({ type: 'state', ...this.state() });
    }

    replace(kind, track) {
      this.tracks[kind] = track;
      return this.senders[kind] ? this.senders[kind].replaceTrack(track) : Promise.resolve();
    }

    lose(headline, after) {
      if (this.over) return;
      this.leave();
      this.on.lost(headline, after);
    }

    leave() {
      if (this.over) return;
      this.say({ type: 'bye' });
      this.over = true;
      clearTimeout(this.timer);
      this.socket.close();
      this.pc.close();
    }
  }

  return { Room };
})();
