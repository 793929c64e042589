// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs inside a page before its own scripts: what the browser shows, as figures.
// It only looks: RTCPeerConnection is wrapped to be found again for getStats (),
// and to take what a test sets as window.viaRtcConfig (a relay).
(() => {
  const far = window.viaFar = { peers: [], samples: [], offerToPicture: null };

  if (window.RTCPeerConnection) {
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(config, ...rest) {
        super({ ...config, ...window.viaRtcConfig }, ...rest);
        far.peers.push(this);
        far.madeAt = performance.now(); // the last of them
      }
      createOffer(...args) {
        far.offeredAt = performance.now();
        return super.createOffer(...args);
      }
    };
  }
  // From the last offer to the first picture after it, ms; null before.
  document.addEventListener('loadeddata', () => {
    far.offerToPicture = performance.now() - far.offeredAt;
  }, true);

  const crc8 = (value) => {
    let crc = 0xff;
    for (const shift of [16, 8, 0]) {
      crc ^= (value >> shift) & 0xff;
      for (let i = 0; i < 8; i++)
        crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
    }
    return crc;
  };

  // The number in the picture (tests/support/counter.py), null if unreadable.
  const canvas = document.createElement('canvas');
  canvas.width = 64; canvas.height = 32;
  const ctx = canvas.getContext('2d', { willReadFrequently: true });
  const readNumber = (image, w, h) => {
    ctx.drawImage(image, 0, 0, w / 2, h / 2, 0, 0, 64, 32);
    const px = ctx.getImageData(0, 0, 64, 32).data, blocks = [];
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 8; column++) {
        let sum = 0;
        for (let y = 3; y < 5; y++)
          for (let x = 3; x < 5; x++)
            sum += px[((row * 8 + y) * 64 + column * 8 + x) * 4 + 1];
        blocks.push(sum / 4);
      }
    const max = Math.max(...blocks), min = Math.min(...blocks);
    if (max - min < 60) return null;
    let number = 0, crc = 0;
    blocks.forEach((b, i) => {
      const bit = b > (max + min) / 2 ? 1 : 0;
      if (i < 24) number = number * 2 + bit; else crc = crc * 2 + bit;
    });
    return crc8(number) === crc ? number : null;
  };

  // Every picture of a received track as it leaves the decoder: none is missed
  // because this machine draws slowly. @readNumbers: a boolean, or a function.
  far.readTrack = async (track, readNumbers, samples = far.samples) => {
    const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: 100 })
      .readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const number = (readNumbers.call ? readNumbers() : readNumbers)
        ? readNumber(value, value.displayWidth, value.displayHeight) : null;
      samples.push([performance.now(), number]);
      value.close();
    }
  };

  // Resolves when the page's <video> shows something; then reads every picture,
  // and counts in far.shown what is presented.
  far.watch = (timeoutMs, readNumbers = true) => new Promise((resolve, reject) => {
    const end = performance.now() + timeoutMs;
    const poll = () => {
      const video = document.querySelector('video');
      if (video && video.videoWidth > 0 && video.readyState >= 2) {
        far.video = video;
        far.shown = 0;
        const stream = video.srcObject;
        const each = (now, meta) => {
          far.shown++;
          if (!stream)
            far.samples.push([now, readNumbers
              ? readNumber(video, video.videoWidth, video.videoHeight) : null]);
          video.requestVideoFrameCallback(each);
        };
        video.requestVideoFrameCallback(each);
        if (stream)
          far.readTrack(stream.getVideoTracks()[0].clone(), readNumbers);
        resolve([video.videoWidth, video.videoHeight]);
      } else if (performance.now() > end)
        reject(new Error('no picture; the page says: ' +
          document.body.innerText.slice(0, 500)));
      else setTimeout(poll, 50);
    };
    poll();
  });

  // A connection of our own, for tests without a page's script: the offer with
  // all its candidates; then the answer. What comes plays in a new <video>.
  far.offer = async () => {
    const pc = new RTCPeerConnection();
    const video = document.createElement('video');
    video.autoplay = true; video.srcObject = new MediaStream();
    document.body.append(video);
    pc.ontrack = (e) => { video.srcObject.addTrack(e.track); video.play(); };
    pc.addTransceiver('video', { direction: 'recvonly' });
    pc.addTransceiver('audio', { direction: 'recvonly' });
    await pc.setLocalDescription();
    await far.until(() => pc.iceGatheringState === 'complete', 30000);
    return pc.localDescription.sdp;
  };
  far.answer = (sdp) => far.peers[far.peers.length - 1]
    .setRemoteDescription({ type: 'answer', sdp });
  far.until = async (condition, ms) => {
    for (const end = performance.now() + ms; !condition();) {
      if (performance.now() > end) return false;
      await new Promise((r) => setTimeout(r, 10));
    }
    return true;
  };

  // One WHEP viewer (draft-ietf-wish-whep): joins, and how to leave.
  far.join = async (url) => {
    const sdp = await far.offer(), pc = far.peers[far.peers.length - 1];
    const r = await fetch(url, { method: 'POST', body: sdp,
      headers: { 'Content-Type': 'application/sdp' } });
    if (r.status !== 201) throw new Error(`${r.status}: ${await r.text()}`);
    pc.viaResource = new URL(r.headers.get('Location'), url).href;
    await far.answer(await r.text());
    if (!await far.until(() => pc.connectionState === 'connected', 30000))
      throw new Error('not connected: ' + pc.connectionState);
    return pc.viaResource;
  };
  far.leave = async () => {
    const pc = far.peers.pop();
    const r = await fetch(pc.viaResource, { method: 'DELETE' });
    pc.close();
    const video = document.querySelector('video');
    if (video) video.remove();
    return r.status;
  };

  // Each sample once.
  far.take = () => far.samples.splice(0);

  // Decibels of @hz ± 25 Hz above all the rest, in @stream or the <video>.
  far.tone = async (hz, ms, stream) => {
    const audio = new AudioContext();
    await audio.resume();
    const media = stream || far.video.srcObject
      || (far.video.captureStream && far.video.captureStream());
    const analyser = audio.createAnalyser();
    analyser.fftSize = 16384; analyser.smoothingTimeConstant = 0;
    audio.createMediaStreamSource(media).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount), values = [];
    const step = audio.sampleRate / analyser.fftSize;
    await new Promise((r) => setTimeout(r, 500));
    for (let i = 0; i < 5; i++) {
      await new Promise((r) => setTimeout(r, ms / 5));
      analyser.getFloatFrequencyData(bins);
      let tone = 0, rest = 0;
      bins.forEach((db, n) => {
        const f = n * step, power = Number.isFinite(db) ? 10 ** (db / 10) : 0;
        if (Math.abs(f - hz) <= 25) tone += power;
        else if (f > 20) rest += power;
      });
      values.push(tone > 0 ? 10 * Math.log10(tone / Math.max(rest, 1e-12)) : -200);
    }
    const state = audio.state;
    await audio.close();
    return { db: values.sort((a, b) => a - b)[2], all: values, state };
  };

  // The loudest tenth of a second of the next @ms: root mean square, 0 … 1.
  far.loudness = async (ms) => {
    const audio = new AudioContext();
    await audio.resume();
    const analyser = audio.createAnalyser();
    analyser.fftSize = 4096;
    audio.createMediaStreamSource(far.video.srcObject).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (const end = performance.now() + ms; performance.now() < end;) {
      await new Promise((r) => setTimeout(r, 50));
      analyser.getFloatTimeDomainData(wave);
      let sum = 0;
      for (const x of wave) sum += x * x;
      loudest = Math.max(loudest, Math.sqrt(sum / wave.length));
    }
    await audio.close();
    return loudest;
  };

  // The luma plane of what is shown now: { width, height, luma: base64 }.
  far.grab = async () => {
    const frame = new VideoFrame(far.video, { timestamp: 0 });
    const rect = frame.visibleRect, bytes = new Uint8Array(frame.allocationSize());
    const layout = await frame.copyTo(bytes);
    const format = frame.format;
    frame.close();
    const luma = new Uint8Array(rect.width * rect.height);
    for (let y = 0; y < rect.height; y++)
      luma.set(bytes.subarray(layout[0].offset + y * layout[0].stride,
        layout[0].offset + y * layout[0].stride + rect.width), y * rect.width);
    let text = '';
    for (let i = 0; i < luma.length; i += 0x8000)
      text += String.fromCharCode(...luma.subarray(i, i + 0x8000));
    return { format, width: rect.width, height: rect.height, luma: btoa(text) };
  };

  // What matters of getStats () of the page's last connection.
  far.stats = async () => {
    const pc = far.peers[far.peers.length - 1];
    if (!pc) return null;
    const all = {}, out = { state: pc.connectionState, inbound: {} };
    (await pc.getStats()).forEach((s) => { all[s.id] = s; });
    for (const s of Object.values(all)) {
      if (s.type === 'inbound-rtp')
        out.inbound[s.kind] = { ...s, mimeType: (all[s.codecId] || {}).mimeType };
      if (s.type === 'transport') {
        out.srtpCipher = s.srtpCipher; out.dtlsState = s.dtlsState;
        out.tlsVersion = s.tlsVersion;
        const pair = all[s.selectedCandidatePairId];
        if (pair)
          out.pair = { local: all[pair.localCandidateId],
            remote: all[pair.remoteCandidateId], state: pair.state };
      }
    }
    return out;
  };
})();
