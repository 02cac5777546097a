// A fast checksum that tells a torn or altered record from the one that was written.

/** Sixteen hex digits over the bytes and their number: two 32-bit multiply-xor lanes (MurmurHash3's constants). Not for adversaries. */
export function checksum(bytes: Uint8Array): string {
  const words = Math.floor(bytes.byteLength / 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let low = 0x9747b28c ^ bytes.byteLength;
  let high = 0x85ebca6b;
  const mix = (word: number): void => {
    const scrambled = Math.imul(word, 0xcc9e2d51);
    low = Math.imul(((low ^ scrambled) << 13) | ((low ^ scrambled) >>> 19), 5) + 0xe6546b64;
    high = Math.imul(high ^ word, 0x1b873593);
    high ^= high >>> 15;
  };
  for (let word = 0; word < words; word++) mix(view.getInt32(word * 4, true));
  for (let index = words * 4; index < bytes.byteLength; index++) mix(bytes[index] as number);
  const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
  return hex(low ^ (low >>> 16)) + hex(high);
}
