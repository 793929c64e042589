// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs in a page before its own scripts: getUserMedia () gives the counter of
// counter.py from @first on (window.viaCamera = [width, height, fps, beeps, hz,
// first]) and a tone of @hz.
// With beeps, at each full second of one clock, the tone's: the lower right
// quarter white for 100 ms, and 50 ms of 1 kHz, low enough to leave the tone.
(() => {
  const [width, height, fps, beeps, hz, first] = window.viaCamera;
  // Its clock goes by buffers: 10 ms each, unless the least latency is asked for.
  const audio = beeps ? new AudioContext({ latencyHint: 0 }) : null;

  const crc8 = (value) => {
    let crc = 0xff;
    for (const shift of [16, 8, 0]) {
      crc ^= (value >> shift) & 0xff;
      for (let i = 0; i < 8; i++)
        crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
    }
    return crc;
  };

  function picture() {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const ctx = canvas.getContext('2d', { alpha: false });
    let number = first;
    const draw = () => {
      const x = number * 4 % width;
      ctx.fillStyle = '#555';
      ctx.fillRect(0, 0, width, height);
      ctx.fillStyle = '#999';
      ctx.fillRect(x, 0, width / 4, height);
      const word = [...Array(24).keys()].map((i) => number >> (23 - i) & 1)
        .concat([...Array(8).keys()].map((i) => crc8(number) >> (7 - i) & 1));
      word.forEach((bit, i) => {
        const left = Math.floor(i % 8 * width / 16), top = Math.floor((i >> 3) * height / 8);
        ctx.fillStyle = bit ? '#fff' : '#000';
        ctx.fillRect(left, top, Math.ceil(width / 16), Math.ceil(height / 8));
      });
      if (beeps && audio.currentTime > 1 && audio.currentTime % 1 < 0.1) {
        ctx.fillStyle = '#fff';
        ctx.fillRect(width / 2, height / 2, width / 2, height / 2);
      }
      number++;
    };
    draw();
    const stream = canvas.captureStream(0), [track] = stream.getVideoTracks();
    const next = () => {
      draw();
      track.requestFrame();
    };
    const timer = setInterval(() => {
      if (track.readyState === 'ended') clearInterval(timer);
      next();
      // A picture of its own at the very moment.
      const left = beeps ? 1 - audio.currentTime % 1 : 1;
      if (left < 1 / fps) setTimeout(next, left * 1000 + 1);
    }, 1000 / fps);
    return track;
  }

  function tone() {
    const context = audio || new AudioContext();
    const out = context.createMediaStreamDestination();
    const sound = (pitch, volume) => {
      const oscillator = context.createOscillator(), gain = context.createGain();
      oscillator.frequency.value = pitch;
      gain.gain.value = volume;
      oscillator.connect(gain).connect(out);
      oscillator.start();
      return gain.gain;
    };
    sound(hz, 0.3);
    if (beeps) {
      const beep = sound(1000, 0);
      for (let t = 1 + Math.ceil(context.currentTime); t < 120; t++) {
        beep.setValueAtTime(0.05, t);
        beep.setValueAtTime(0, t + 0.05);
      }
    }
    return out.stream.getAudioTracks()[0];
  }

  navigator.mediaDevices.getUserMedia = async (want) => {
    window.viaWanted = want; // what the page asked for
    const stream = new MediaStream();
    if (want.video) stream.addTrack(picture());
    if (want.audio) stream.addTrack(tone());
    window.viaStream = stream;
    return stream;
  };
})();
