// SPDX-License-Identifier: LGPL-2.1-or-later
// share.js – the page's own address as a QR code, to open it on another device.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const local = /^(localhost|127\.[\d.]+|\[::1\])$/;

  const note = () => local.test(location.hostname) ? 'This address works on this machine only.'
    : viaPage.token ? 'Whoever has this code may do here what you may.' : 'Point the camera of the other device at it.';

  async function draw() {
    const response = await fetch('qr', { method: 'POST', headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: location.href });
    if (!response.ok) throw await viaWish.refusalOf(response);
    const picture = document.importNode(new DOMParser().parseFromString(await response.text(), 'image/svg+xml').documentElement, true);
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', 'QR code of the address below');
    $('share-code').replaceChildren(picture);
  }

  $('share-open').addEventListener('click', () => {
    $('share-link').value = location.href;
    $('share-note').textContent = note();
    $('share').showModal();
    draw().catch((error) => {
      $('share-code').replaceChildren();
      $('share-note').textContent = `There is no code: ${error.message || 'the server does not answer'}. The address can be copied.`;
    });
  });
  $('share-copy').addEventListener('click', async () => {
    $('share-link').select();
    try {
      await navigator.clipboard.writeText(location.href);
      $('share-note').textContent = 'The address was copied.';
    } catch { // not on plain HTTP: it is selected
      $('share-note').textContent = 'The address is selected: copy it now.';
    }
  });
  $('share-close').addEventListener('click', () => $('share').close());
})();
