// Finds the number behind a challenge: SHA-256 of salt and number, tried one by one. Our own digest rather than the
// browser's, which is asynchronous and so ten times slower for texts as short as these.

const K = new Int32Array(64);
const START = new Int32Array(8);
for (let found = 0, n = 2; found < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  if (found < 8) START[found] = ((n ** 0.5 % 1) * 2 ** 32) | 0;
  K[found++] = (Math.cbrt(n) % 1) * 2 ** 32 | 0;
}

const words = new Int32Array(64);

// One block of 64 bytes more, into the state.
function digestBlock(state, block, offset) {
  for (let i = 0; i < 16; i++) {
    const at = offset + 4 * i;
    words[i] = (block[at] << 24) | (block[at + 1] << 16) | (block[at + 2] << 8) | block[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15];
    const y = words[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// The number up to `most` for which salt and number have this digest; null where there is none.
function solve(salt, wanted, most) {
  const first = parseInt(wanted.slice(0, 8), 16) | 0;
  const begun = new TextEncoder().encode(salt);
  const state = new Int32Array(8);
  for (let number = 0; number <= most; number++) {
    const text = String(number);
    const length = begun.length + text.length;
    const padded = new Uint8Array(((length + 8) >> 6) * 64 + 64);
    padded.set(begun);
    for (let i = 0; i < text.length; i++) padded[begun.length + i] = text.charCodeAt(i);
    padded[length] = 128;
    new DataView(padded.buffer).setUint32(padded.length - 4, length * 8);
    state.set(START);
    for (let offset = 0; offset < padded.length; offset += 64) digestBlock(state, padded, offset);
    if (state[0] === first) {
      const digest = Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
      if (digest === wanted) return number;
    }
  }
  return null;
}

onmessage = ({ data }) => postMessage(solve(data.salt, data.challenge, data.maxnumber));
